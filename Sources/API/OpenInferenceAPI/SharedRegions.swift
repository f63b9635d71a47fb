import Errors
import JSON
import Processes
import Serving
import Synchronization

/// The regions of POSIX shared memory that clients have registered: tensors lie in them instead of in messages.
///
/// A client on this machine may name any object that this process may open, as it may with Triton. Regions are forgotten at a restart.
final class SharedRegions: Sendable {
    private struct Region {
        var key: String
        var offset: Int
        var memory: NamedMemory
    }
    private let regions = Mutex<[String: Region]>([:])

    /// - Throws: `already_exists` when the name is taken, `invalid_argument` when there is no such object or it is too small.
    func register(_ name: String, key: String, offset: Int64, count: Int64) throws {
        guard !name.isEmpty, let start = Int(exactly: offset), start >= 0, let bytes = Int(exactly: count), bytes > 0 else {
            throw JidokaError.invalidArgument(
                "a shared memory region needs a name, a `byte_size` above 0 and an `offset` of 0 or more")
        }
        let memory = try NamedMemory(key: key, offset: start, count: bytes)
        try regions.withLock { regions in
            guard regions[name] == nil else {
                throw JidokaError.alreadyExists("shared memory region '\(name)' already in manager", hint: "unregister it first")
            }
            regions[name] = Region(key: key, offset: start, memory: memory)
        }
    }

    /// All of them without a name. An unknown one is no error, as Triton has it.
    func unregister(_ name: String?) {
        regions.withLock { regions in
            if let name, !name.isEmpty { regions[name] = nil } else { regions = [:] }
        }
    }

    /// By name. - Throws: `not_found` for a name that is not registered; all without a name.
    func status(of name: String?) throws -> [(name: String, facts: JSONObject)] {
        let all = regions.withLock { $0 }
        func facts(_ name: String, _ region: Region) -> (name: String, facts: JSONObject) {
            (
                name,
                [
                    "name": .string(name), "key": .string(region.key), "offset": .int(Int64(region.offset)),
                    "byte_size": .int(Int64(region.memory.count)),
                ]
            )
        }
        guard let name, !name.isEmpty else { return all.sorted { $0.key < $1.key }.map { facts($0.key, $0.value) } }
        guard let region = all[name] else { throw unknown(name) }
        return [facts(name, region)]
    }

    /// Runs `body` on the bytes of a place.
    func read<Result>(_ place: SharedPlace, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
        let bytes = try memory(of: place).read(place.offset..<place.offset + place.count)
        return try bytes.withUnsafeBytes(body)
    }

    func write(_ tensor: Tensor, to place: SharedPlace) throws {
        let count = tensor.blobSize
        guard count <= place.count else {
            throw JidokaError.invalidArgument(
                "output '\(tensor.name)' has \(count) bytes; its place in the region '\(place.region)' has \(place.count)")
        }
        let memory = try self.memory(of: place)
        var blob: [UInt8] = []
        blob.reserveCapacity(count)
        tensor.appendBlob(to: &blob)
        try memory.write(blob, at: place.offset)
    }

    private func memory(of place: SharedPlace) throws -> NamedMemory {
        guard let memory = regions.withLock({ $0[place.region]?.memory }) else { throw unknown(place.region) }
        let (end, overflow) = place.offset.addingReportingOverflow(place.count)
        guard !overflow, end <= memory.count else {
            throw JidokaError.invalidArgument(
                "Invalid offset + byte size for shared memory region: '\(place.region)'", hint: "it has \(memory.count) bytes")
        }
        return memory
    }

    private func unknown(_ name: String) -> JidokaError {
        .notFound("Unable to find shared memory region: '\(name)'", hint: "register it first")
    }
}
