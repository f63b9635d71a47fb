import Errors
import Glibc

/// A part of a POSIX shared memory object that another process made (`shm_open`), mapped until it is released.
package final class NamedMemory: @unchecked Sendable {  // the mapping never changes; its bytes may, at any time
    private let base: UnsafeMutableRawPointer
    private let mapped: Int
    /// The part that was asked for.
    package let bytes: UnsafeMutableRawBufferPointer

    /// - Throws: `invalid_argument` when there is no such object or it ends before the part does.
    package init(key: String, offset: Int, count: Int) throws {
        let name = key.hasPrefix("/") ? key : "/" + key
        guard !name.dropFirst().contains("/"), name.utf8.count > 1 else {
            throw JidokaError.invalidArgument("`\(key)` is no name of a shared memory object")
        }
        let descriptor = shm_open(name, O_RDWR | O_CLOEXEC, 0)
        guard descriptor >= 0 else {
            throw JidokaError.invalidArgument(
                "Unable to open shared memory region: '\(key)'", hint: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var facts = stat()
        let (end, overflow) = offset.addingReportingOverflow(count)
        guard fstat(descriptor, &facts) == 0, !overflow, end <= Int(facts.st_size) else {
            throw JidokaError.invalidArgument(
                "the shared memory object '\(key)' has \(facts.st_size) bytes", hint: "\(count) from \(offset) were asked for")
        }
        let start = offset / 4_096 * 4_096
        mapped = end - start
        guard let base = mmap(nil, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, off_t(start)), base != MAP_FAILED else {
            throw JidokaError.unavailable("the shared memory object '\(key)' cannot be mapped", hint: String(cString: strerror(errno)))
        }
        self.base = base
        bytes = UnsafeMutableRawBufferPointer(start: base + (offset - start), count: count)
    }

    deinit { munmap(base, mapped) }
}
