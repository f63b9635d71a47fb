import Errors
import Glibc

/// The part of a file that is sent as a body.
final class FileInput {
    let count: UInt64
    private let descriptor: Int32
    private let offset: UInt64
    private var at: UInt64 = 0

    /// - Throws: `not_found` when it cannot be opened, `invalid_argument` when it is shorter than the part.
    init(path: String, offset: UInt64, count: UInt64?) throws {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw JidokaError.notFound("cannot read `\(path)`: \(String(cString: strerror(errno)))") }
        var facts = stat()
        let length = fstat(descriptor, &facts) == 0 ? UInt64(max(0, facts.st_size)) : 0
        guard offset <= length, count ?? 0 <= length - offset else {
            close(descriptor)
            throw JidokaError.invalidArgument("`\(path)` is shorter than the part that should be sent")
        }
        self.offset = offset
        self.count = count ?? length - offset
    }

    deinit { close(descriptor) }

    /// - Throws: `unavailable` when the file cannot be read or became shorter.
    func read(into out: UnsafeMutableRawBufferPointer) throws -> Int {
        let wanted = min(out.count, Int(count - at))
        guard wanted > 0 else { return 0 }
        let got = pread(descriptor, out.baseAddress, wanted, Int(offset + at))
        guard got > 0 else { throw JidokaError.unavailable("the file that is sent became unreadable") }
        at += UInt64(got)
        return got
    }

    /// For a request that must be sent again from its beginning.
    func seek(to position: Int64) -> Bool {
        guard position >= 0, UInt64(position) <= count else { return false }
        at = UInt64(position)
        return true
    }
}
