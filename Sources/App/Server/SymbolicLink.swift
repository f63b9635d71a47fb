import Errors
import Glibc

enum SymbolicLink {
    /// Makes a link, in place of one that is there.
    static func make(to target: String, at path: String) throws {
        unlink(path)
        guard symlink(target, path) == 0 || errno == EEXIST else {
            throw JidokaError.unavailable(
                "`\(path)` cannot be made: \(String(cString: strerror(errno)))", hint: "check the home folder's permissions")
        }
    }
}
