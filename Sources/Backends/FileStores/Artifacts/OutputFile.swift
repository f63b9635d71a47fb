import Errors
internal import Glibc
import Synchronization

/// A file being written from start to end, with its folders. Calls block.
final class OutputFile: Sendable {
    private let descriptor: Int32
    private let path: String

    init(path: String) throws {
        self.path = path
        var folder = ""
        for segment in path.split(separator: "/").dropLast() {
            folder += "/\(segment)"
            mkdir(folder, 0o755)
        }
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw OutputFile.failure(path, errno) }
    }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written < 0 {
                    if errno == EINTR { continue }
                    throw OutputFile.failure(path, errno)
                }
                rest = rest.dropFirst(written)
            }
        }
    }

    private static func failure(_ path: String, _ number: Int32) -> JidokaError {
        if number == ENOSPC { return .diskFull("the disk is full: could not write `\(path)`") }
        return JidokaError(
            .unavailable, "could not write `\(path)`: \(String(cString: strerror(number)))",
            hint: "check the permissions and the free space of the home folder")
    }
}

/// Joins chunks.
final class Collector: Sendable {
    private let collected: Mutex<[UInt8]>

    init(capacity: Int) {
        var empty: [UInt8] = []
        empty.reserveCapacity(capacity)
        collected = Mutex(empty)
    }

    var bytes: [UInt8] { collected.withLock { $0 } }

    func append(_ chunk: [UInt8]) { collected.withLock { $0 += chunk } }
}
