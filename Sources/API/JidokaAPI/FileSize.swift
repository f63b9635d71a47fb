import Errors
import Glibc

/// Bytes of a file on this machine.
func fileSize(_ path: String) throws -> UInt64 {
    var facts = stat()
    guard stat(path, &facts) == 0 else { throw JidokaError.internal("a stored file is gone") }
    return UInt64(facts.st_size)
}
