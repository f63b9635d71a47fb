import Errors
import Glibc
import JSON
import Synchronization

/// What has been delivered, so that the next delivery sends only what is new. It saves work and decides nothing about what exists: every
/// request may be repeated. One JSON object a line, appended and synced after each delivered thing; the last line of an id wins and a
/// torn one is ignored. A lock keeps a second delivery of the same source to the same server out.
package final class DeliveryJournal: Sendable {
    private let descriptor: Int32
    private let lines: Mutex<[String: JSONValue]>

    /// - Throws: `conflict` while another process delivers.
    package init(path: String) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw JidokaError(.permissionDenied, "the journal `\(path)` cannot be written: \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw JidokaError(.conflict, "the same source is being delivered already", hint: "wait for the other one, or stop it")
        }
        var known: [String: JSONValue] = [:]
        for line in try Disk.read(path, bytesMax: 1 << 30).split(separator: UInt8(ascii: "\n")) {
            if let value = try? JSONValue.parse(line), let id = value["id"]?.stringValue { known[id] = value }
        }
        lines = Mutex(known)
        // A torn last line gets an end, so that the next one is whole.
        try append([UInt8(ascii: "\n")])
    }

    deinit { close(descriptor) }

    func entry(_ id: String) -> JSONValue? { lines.withLock { $0[id] } }

    func record(_ id: String, _ fields: JSONObject) throws {
        var fields = fields
        fields["id"] = .string(id)
        let value = JSONValue.object(fields)
        try append(value.serialized + [UInt8(ascii: "\n")])
        lines.withLock { $0[id] = value }
    }

    private func append(_ bytes: [UInt8]) throws {
        guard write(descriptor, bytes, bytes.count) == bytes.count, fdatasync(descriptor) == 0 else {
            throw JidokaError(
                .exhausted, "the journal cannot be written: \(String(cString: strerror(errno)))", hint: "make room on the disk")
        }
    }
}
