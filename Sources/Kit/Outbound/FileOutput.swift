import Errors
import Glibc

/// A file that takes an answer's body.
final class FileOutput {
    private let path: String
    private var descriptor: Int32

    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw JidokaError.failedPrecondition(
                "cannot write `\(path)`: \(String(cString: strerror(errno)))", hint: "check the folder and its rights")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var written = 0
        while written < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw JidokaError(
                    .exhausted, "cannot write `\(path)`: \(String(cString: strerror(errno)))", hint: "make room on the disk and try again")
            }
            written += count
        }
    }

    /// Some file systems report a failed write only here.
    func finish() throws {
        let status = close(descriptor)
        descriptor = -1
        guard status == 0 else { throw JidokaError(.exhausted, "cannot write `\(path)`: \(String(cString: strerror(errno)))") }
    }

    func discard() {
        close(descriptor)
        descriptor = -1
        unlink(path)
    }
}
