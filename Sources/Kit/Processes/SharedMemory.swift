internal import CSpawn
import Errors
import Glibc

/// Memory that a child process has too, through a descriptor. One thread at a time uses it; who else may touch it the caller's protocol
/// says.
package final class SharedMemory: @unchecked Sendable {  // the owner hands it from one thread to the next
    package let descriptor: Int32
    private var base: UnsafeMutableRawPointer?
    package private(set) var size = 0

    /// - Parameter label: what `/proc` shows.
    package init(label: String) throws {
        descriptor = jidoka_memory(label)
        guard descriptor >= 0 else { throw SharedMemory.failed() }
    }

    deinit {
        if let base { munmap(base, size) }
        close(descriptor)
    }

    /// Makes it at least `wanted` bytes large; it never shrinks. What it holds stays.
    package func grow(to wanted: Int) throws {
        if wanted <= size { return }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw SharedMemory.failed() }
        // The child may have made it larger.
        let bytes = max((wanted + 0xFFFF) & ~0xFFFF, Int(facts.st_size))
        guard Int(facts.st_size) >= bytes || ftruncate(descriptor, bytes) == 0 else { throw SharedMemory.failed() }
        if let base { munmap(base, size) }
        (base, size) = (nil, 0)
        let mapped = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard mapped != MAP_FAILED, let mapped else { throw SharedMemory.failed() }
        (base, size) = (mapped, bytes)
    }

    /// The bytes; empty before the first `grow`.
    package var bytes: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(start: base, count: size) }

    private static func failed() -> JidokaError {
        .unavailable("no shared memory: \(String(cString: strerror(errno)))", hint: "free memory, or raise its limit")
    }
}
