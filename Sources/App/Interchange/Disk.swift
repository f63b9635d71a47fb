import Errors
import Glibc

/// Folders and files of a source; calls block and follow no symbolic link unless they say so.
enum Disk {
    /// The names in a folder, sorted; empty when there is none.
    static func names(_ folder: String) -> [String] {
        guard let listing = opendir(folder) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func isFolder(_ path: String) -> Bool { facts(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false }
    static func isFile(_ path: String) -> Bool { facts(path).map { $0.st_mode & S_IFMT == S_IFREG } ?? false }
    static func folders(_ folder: String) -> [String] { names(folder).filter { isFolder("\(folder)/\($0)") } }

    private static func facts(_ path: String) -> stat? {
        var facts = stat()
        return lstat(path, &facts) == 0 ? facts : nil
    }

    /// Every regular file below a folder by path; hidden ones too.
    /// - Parameter linked: links to files count as files; links to folders never do.
    static func files(_ folder: String, linked: Bool = false) -> [SourceFile] {
        var found: [SourceFile] = []
        var open = [""]
        while let inside = open.popLast() {
            for name in names(inside.isEmpty ? folder : "\(folder)/\(inside)") {
                let path = inside.isEmpty ? name : "\(inside)/\(name)"
                guard var facts = facts("\(folder)/\(path)") else { continue }
                if linked, facts.st_mode & S_IFMT == S_IFLNK {
                    guard stat("\(folder)/\(path)", &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { continue }
                }
                switch facts.st_mode & S_IFMT {
                case S_IFDIR: open.append(path)
                case S_IFREG:
                    let stamp = "\(facts.st_size)-\(facts.st_mtim.tv_sec).\(facts.st_mtim.tv_nsec)"
                    found.append(SourceFile(path: path, size: Int64(facts.st_size), stamp: stamp, local: "\(folder)/\(path)"))
                default: break
                }
            }
        }
        return found.sorted { $0.path < $1.path }
    }

    /// - Throws: `not_found`, `permission_denied`, `exhausted` beyond `bytesMax`.
    static func read(_ path: String, bytesMax: Int = 64 << 20) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw JidokaError.notFound("there is no file `\(path)`") }
            throw JidokaError(.permissionDenied, "`\(path)` cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw JidokaError(.unavailable, "`\(path)` cannot be read: \(String(cString: strerror(errno)))") }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
            guard bytes.count <= bytesMax else { throw JidokaError(.exhausted, "`\(path)` is larger than \(bytesMax) bytes") }
        }
    }

    static func text(_ path: String) throws -> String { String(decoding: try read(path), as: UTF8.self) }
}
