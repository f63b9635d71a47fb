import Errors
internal import Glibc

/// The file system calls of the store, with errors as the one error value.
enum FileCalls {
    static func failure(_ number: Int32, _ doing: String) -> JidokaError {
        let reason = String(cString: strerror(number))
        let message = "could not \(doing): \(reason)"
        switch number {
        case ENOSPC, EDQUOT, EFBIG:
            return .diskFull(message)
        case EMFILE, ENFILE: return JidokaError(.exhausted, message, hint: "raise the limit of open files (`ulimit -n`)")
        case EROFS, EACCES, EPERM:
            return JidokaError(
                .unavailable, message, hint: "let the home folder lie where this user may write, on a disk mounted for writing")
        case ENOENT, ENOTDIR: return JidokaError(.notFound, message)
        case EISDIR: return JidokaError(.invalidArgument, message)
        default: return JidokaError(.internal, message)
        }
    }

    /// Opens with `O_CLOEXEC`.
    static func open(_ path: String, _ flags: Int32, mode: mode_t = 0o644, _ doing: String) throws -> Int32 {
        while true {
            let descriptor = Glibc.open(path, flags | O_CLOEXEC, mode)
            if descriptor >= 0 { return descriptor }
            if errno != EINTR { throw failure(errno, doing) }
        }
    }

    static func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ doing: String) throws {
        var rest = bytes
        while let start = rest.baseAddress, rest.count > 0 {
            let written = Glibc.write(descriptor, start, rest.count)
            if written < 0 {
                if errno == EINTR { continue }
                throw failure(errno, doing)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    /// Up to `buffer.count` bytes; 0 at the end.
    static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer, _ doing: String) throws -> Int {
        while true {
            let length = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if length >= 0 { return length }
            if errno != EINTR { throw failure(errno, doing) }
        }
    }

    static func sync(_ descriptor: Int32, _ doing: String) throws {
        if fsync(descriptor) != 0 { throw failure(errno, doing) }
    }

    /// Makes the names in a folder durable.
    static func syncFolder(_ path: String) throws {
        let descriptor = try open(path, O_RDONLY | O_DIRECTORY, "open the folder `\(path)`")
        defer { close(descriptor) }
        try sync(descriptor, "make the folder `\(path)` durable")
    }

    /// Makes the folder and those above it.
    static func makeFolders(_ path: String) throws {
        if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try makeFolders(String(path[..<slash]))
            if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
        }
        throw failure(errno, "make the folder `\(path)`")
    }

    /// The size in bytes of a regular file, nil where there is none.
    static func size(_ path: String) -> Int64? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(status.st_size)
    }

    static func names(in folder: String) throws -> [String] {
        guard let listing = opendir(folder) else { throw failure(errno, "read the folder `\(folder)`") }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
