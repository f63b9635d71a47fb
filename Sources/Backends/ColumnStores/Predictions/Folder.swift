import Errors
internal import Glibc

/// One folder of a log, and the few durable operations on its files. All calls block.
struct Folder: Sendable {
    let path: String

    func file(_ name: String) -> String { path + "/" + name }

    /// Makes the folder and those above it.
    func create() throws {
        var at = path.startIndex
        while at < path.endIndex {
            let next = path[path.index(after: at)...].firstIndex(of: "/") ?? path.endIndex
            let part = String(path[..<next])
            if mkdir(part, 0o755) != 0, errno != EEXIST { throw fileError("create the folder", part) }
            at = next
        }
    }

    func names() throws -> [String] {
        guard let directory = opendir(path) else { throw fileError("list", path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    func remove(_ name: String) throws {
        if unlink(file(name)) != 0, errno != ENOENT { throw fileError("remove", file(name)) }
    }

    /// Writes a small file; `publish` makes it durable.
    func write(_ bytes: [UInt8], to name: String) throws {
        let descriptor = open(file(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw fileError("create", file(name)) }
        defer { close(descriptor) }
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw fileError("write", file(name)) }
    }

    /// Makes a finished file durable and gives it its final name, so that it is there whole or not at all.
    func publish(_ temporary: String, as name: String) throws {
        try Folder.synchronize(file(temporary))
        if rename(file(temporary), file(name)) != 0 { throw fileError("rename", file(temporary)) }
        try Folder.synchronize(path)
    }

    /// `fsync` on a file or folder.
    static func synchronize(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw fileError("open", path) }
        defer { close(descriptor) }
        if fsync(descriptor) != 0 { throw fileError("flush", path) }
    }

    /// The whole file; nil when there is none.
    static func read(_ path: String) throws -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw fileError("open", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw fileError("read", path) }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let got = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + filled, $0.count - filled) }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw fileError("read", path) }
            if got == 0 { break }
            filled += got
        }
        return Array(bytes.prefix(filled))
    }
}

/// What the system said about a file, as the one error value: a full disk is `exhausted`, everything else `unavailable`.
func fileError(_ action: String, _ path: String) -> JidokaError {
    let code = errno
    let reason = String(cString: strerror(code))
    if code == ENOSPC || code == EDQUOT {
        return .diskFull("the disk is full: could not \(action) `\(path)`")
    }
    return .unavailable("could not \(action) `\(path)`: \(reason)", hint: "check the permissions of the home folder and the disk")
}

/// A name as a safe file name: letters, digits, `_` and `-` stay, every other byte becomes `%XX`.
func safeFileName(_ name: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var out: [UInt8] = []
    for byte in name.utf8 {
        let plain = (48...57).contains(byte) || (97...122).contains(byte | 0x20) || byte == 0x5F || byte == 0x2D
        if plain { out.append(byte) } else { out += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    }
    return String(decoding: out, as: UTF8.self)
}

/// Undoes `safeFileName`; nil for names that it never makes.
func nameOfSafeFile(_ file: String) -> String? {
    var out: [UInt8] = []
    var rest = Array(file.utf8)[...]
    while let byte = rest.popFirst() {
        guard byte == 0x25 else {
            out.append(byte)
            continue
        }
        guard rest.count >= 2, let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
        out.append(code)
        rest = rest.dropFirst(2)
    }
    let name = String(decoding: out, as: UTF8.self)
    return safeFileName(name) == file ? name : nil
}
