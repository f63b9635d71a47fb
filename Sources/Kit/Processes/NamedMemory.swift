import Errors
import Glibc

/// A part of a POSIX shared memory object that another process made (`shm_open`).
///
/// It is read and written as a file, not mapped: the other process may make the object smaller at any time, and touching a mapping
/// beyond its end would kill this one (SIGBUS).
package final class NamedMemory: Sendable {
    private let key: String
    private let descriptor: Int32
    private let start: Int
    /// Bytes of the part.
    package let count: Int

    /// - Throws: `invalid_argument` when there is no such object or it ends before the part does.
    package init(key: String, offset: Int, count: Int) throws {
        let name = key.hasPrefix("/") ? key : "/" + key
        guard !name.dropFirst().contains("/"), name.utf8.count > 1 else {
            throw JidokaError.invalidArgument("`\(key)` is no name of a shared memory object")
        }
        descriptor = shm_open(name, O_RDWR | O_CLOEXEC, 0)
        self.key = key
        start = offset
        self.count = count
        guard descriptor >= 0 else {
            throw JidokaError.invalidArgument(
                "Unable to open shared memory region: '\(key)'", hint: String(cString: strerror(errno)))
        }
        var facts = stat()
        let (end, overflow) = offset.addingReportingOverflow(count)
        guard fstat(descriptor, &facts) == 0, !overflow, end <= Int(facts.st_size) else {
            throw JidokaError.invalidArgument(
                "the shared memory object '\(key)' has \(facts.st_size) bytes", hint: "\(count) from \(offset) were asked for")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The bytes of a range inside the part. - Throws: `invalid_argument` when the object has become too small.
    package func read(_ range: Range<Int>) throws -> [UInt8] {
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { out, initialized in
            while initialized < range.count {
                let got = pread(descriptor, out.baseAddress! + initialized, range.count - initialized, off_t(place(range) + initialized))
                if got < 0, errno == EINTR { continue }
                if got <= 0 { return }
                initialized += got
            }
        }
        guard bytes.count == range.count else { throw tooSmall() }
        return bytes
    }

    /// Writes into the part. - Throws: `invalid_argument` when the object has become too small: writing never makes it larger.
    package func write(_ bytes: [UInt8], at offset: Int) throws {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, start + offset + bytes.count <= Int(facts.st_size) else { throw tooSmall() }
        var written = 0
        while written < bytes.count {
            let put = bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress! + written, bytes.count - written, off_t(start + offset + written))
            }
            if put < 0, errno == EINTR { continue }
            guard put > 0 else { throw tooSmall() }
            written += put
        }
    }

    private func place(_ range: Range<Int>) -> Int { start + range.lowerBound }

    private func tooSmall() -> JidokaError {
        .invalidArgument("the shared memory object '\(key)' is smaller than it was when it was registered", hint: "register it again")
    }
}
