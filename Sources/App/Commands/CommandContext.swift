package import Clockwork
import CommandLine
import Errors
import Glibc
import Line
package import Outbound

/// What every command may use of the world around it; tests pass their own.
package struct CommandContext: Sendable {
    package var environment: [String: String]
    /// The folder that relative paths start from.
    package var folder: String
    package var time: any TimeSource
    package var pool: BlockingPool
    package var client: OutboundClient
    package var interruptions: Interruptions

    package init(
        environment: [String: String], folder: String, time: any TimeSource = SystemTime(), pool: BlockingPool = BlockingPool(threads: 2),
        interruptions: Interruptions = Interruptions()
    ) {
        self.environment = environment
        self.folder = folder
        self.time = time
        self.pool = pool
        client = OutboundClient(pool: pool)
        self.interruptions = interruptions
    }

    /// The server that the general flags name.
    func api(_ values: Values) -> APIClient {
        APIClient(server: values.string("server"), actor: values.string("actor"), client: client)
    }

    /// The path from the root, without a trailing slash.
    func absolute(_ path: String) -> String {
        var segments: [Substring] = []
        for segment in (path.hasPrefix("/") ? path : "\(folder)/\(path)").split(separator: "/") where segment != "." {
            if segment == ".." { _ = segments.popLast() } else { segments.append(segment) }
        }
        return "/" + segments.joined(separator: "/")
    }

    /// The line file of a project folder. - Throws: `not_found` when there is none, else what is wrong with it and where.
    func line(in project: String, file: String = LineReader.fileName) async throws -> Line {
        let project = absolute(project)
        return try await pool.run {
            try LineReader { try LocalFile.read("\(project)/\($0)", shown: $0, bytesMax: 4 << 20) }.read(file)
        }
    }
}

/// Files of this machine; calls block.
enum LocalFile {
    /// - Parameter shown: how messages name the file.
    static func read(_ path: String, shown: String, bytesMax: Int) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(shown, errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 { throw unreadable(shown, errno) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
            guard bytes.count <= bytesMax else { throw JidokaError(.exhausted, "`\(shown)` is larger than \(bytesMax) bytes") }
        }
    }

    /// Bytes of a regular file that can be read.
    static func size(_ path: String, shown: String) throws -> Int {
        var facts = stat()
        guard stat(path, &facts) == 0, access(path, R_OK) == 0 else { throw unreadable(shown, errno) }
        guard facts.st_mode & S_IFMT == S_IFREG else {
            throw JidokaError.invalidArgument("`\(shown)` is not a file", hint: "give the path of a file")
        }
        return Int(facts.st_size)
    }

    static func isFolder(_ path: String) -> Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
    }

    private static func unreadable(_ shown: String, _ reason: Int32) -> JidokaError {
        if reason == ENOENT { return .notFound("there is no file `\(shown)`", hint: "check the path") }
        return JidokaError(
            .permissionDenied, "`\(shown)` cannot be read: \(String(cString: strerror(reason)))", hint: "check its permissions")
    }
}
