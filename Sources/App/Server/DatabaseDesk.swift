import Digests
import Errors
import Glibc
package import JSON
import JidokaAPI
import Processes
import SQL
import SQLStores
import Clockwork
import Telemetry

/// Looks after the database of a server, beside a running one or without.
package struct DatabaseDesk: Sendable {
    private let settings: ServerSettings
    private let environment: [String: String]
    private let location: DatabaseLocation

    /// - Throws: `invalid_argument` for an address of an unknown kind.
    package init(_ settings: ServerSettings, environment: [String: String]) throws {
        self.settings = settings
        self.environment = environment
        location = try Backends.database(settings)
    }

    private static let counted = [
        "experiments", "runs", "metric_points", "logged_models", "registered_models", "model_versions", "artifacts", "dataset_versions",
        "pipeline_runs", "endpoints", "events",
    ]

    private func with<T: Sendable>(_ location: DatabaseLocation, _ body: (Database) async throws -> T) async throws -> T {
        if case .sqlite(let path) = location, access(path, F_OK) != 0 {
            throw JidokaError.notFound("there is no database `\(path)`", hint: "`jidoka up` or `jidoka db migrate` makes it")
        }
        let database = try Database(location, metrics: MetricsRegistry())
        defer { database.close() }
        return try await body(database)
    }

    /// Where it is, how large, and which migrations it holds.
    package func status() async throws -> JSONValue {
        try await with(location) { database in
            let state = try await database.schemaState(Composition.migrations)
            return [
                "database": .string(location.shown), "bytes": .int(try await database.bytes()),
                "applied": .array(state.applied.map(JSONValue.string)), "missing": .array(state.missing.map(JSONValue.string)),
                "unknown": .array(state.unknown.map(JSONValue.string)),
            ]
        }
    }

    /// Brings the schema up to date, as a start does.
    package func migrate() async throws -> JSONValue {
        if case .sqlite(let path) = location { try HomeFolder.make(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])) }
        let database = try Database(location, metrics: MetricsRegistry())
        defer { database.close() }
        let before = try await database.schemaState(Composition.migrations)
        try await database.migrate(Composition.migrations)
        return ["database": .string(location.shown), "applied": .array(before.missing.map(JSONValue.string))]
    }

    /// `valid` says whether pages, references and the event chain are whole.
    package func check() async throws -> JSONValue { try await check(location) }

    private func check(_ location: DatabaseLocation) async throws -> JSONValue {
        try await with(location) { database in
            let state = try await database.schemaState(Composition.migrations)
            var problems = try await database.damage()
            problems += state.unknown.map { "migration `\($0)` is of a newer program" }
            problems += state.missing.map { "migration `\($0)` is missing: `jidoka db migrate`" }
            var counts: JSONObject = [:]
            var chain: JSONObject = [:]
            if state.missing.isEmpty {
                chain = try await Audit.verify(SQLEventLog(database: database, time: SystemTime()))
                if let broken = chain["message"]?.stringValue { problems.append(broken) }
                for table in DatabaseDesk.counted { counts[table] = .int(try await database.count(table)) }
            }
            return [
                "database": .string(location.shown), "valid": .bool(problems.isEmpty),
                "problems": .array(problems.map(JSONValue.string)), "rows": .object(counts), "events": .object(chain),
            ]
        }
    }

    // MARK: Backup

    /// One file that holds the whole database as of now, and its digest beside it; servers go on meanwhile.
    package func backUp(to file: String) async throws -> JSONValue {
        guard access(file, F_OK) != 0 else {
            throw JidokaError.alreadyExists("`\(file)` exists already", hint: "name a file that does not exist")
        }
        let part = file + ".part"
        unlink(part)
        switch location {
        case .sqlite: try await with(location) { _ in try location.copy(to: part) }
        case .postgres(let url): try dump(url, to: part)
        }
        let digest = try DatabaseDesk.digest(part)
        try DatabaseDesk.write("\(digest.hex)  \(file.split(separator: "/").last ?? "")\n", to: file + ".sha256")
        guard rename(part, file) == 0 else { throw DatabaseDesk.failed(file) }
        return [
            "database": .string(location.shown), "file": .string(file), "bytes": .int(digest.bytes), "sha256": .string(digest.hex),
        ]
    }

    /// The password travels in the environment: the arguments of a process are seen by everyone.
    private func dump(_ url: String, to file: String) throws {
        var arguments = ["pg_dump", "--format=custom", "--file=\(file)"]
        var variables = environment
        let (plain, password) = PostgresAddress.split(url)
        arguments.append("--dbname=\(plain)")
        if let password { variables["PGPASSWORD"] = password }
        let log = file + ".log"
        defer { unlink(log) }
        let child: ChildProcess
        do { child = try ChildProcess.spawn(arguments: arguments, environment: variables, folder: "/", log: log) } catch {
            throw JidokaError.failedPrecondition(
                "a PostgreSQL database is backed up by `pg_dump`, and there is none on the PATH",
                hint: "`apt-get install postgresql-client`")
        }
        guard child.wait() == 0 else {
            let said = String(decoding: try readFile(log), as: UTF8.self)
            unlink(file)
            throw JidokaError.unavailable("`pg_dump` failed: \(said.split(whereSeparator: \.isNewline).last ?? "")")
        }
    }

    // MARK: Restore

    /// Puts a backup in the place of the home's database. The file that was there is kept beside it.
    /// - Throws: `conflict` when a server has the home open, `already_exists` unless `force`.
    package func restore(_ file: String, force: Bool, dryRun: Bool) async throws -> JSONValue {
        guard case .sqlite(let path) = location else {
            throw JidokaError.failedPrecondition(
                "a PostgreSQL database is restored by its own tool", hint: "`pg_restore --clean --if-exists --dbname=URL FILE`")
        }
        let digest = try DatabaseDesk.digest(file)
        if access(file + ".sha256", F_OK) == 0 {
            let kept = String(decoding: try readFile(file + ".sha256"), as: UTF8.self)
            guard kept.hasPrefix(digest.hex) else {
                throw JidokaError.failedPrecondition("`\(file)` is not what was written: its digest is another", hint: "use another backup")
            }
        }
        let home = try HomeFolder(path: settings.home)
        defer { withExtendedLifetime(home.path) {} }
        let part = path + ".restoring"
        for suffix in ["", "-wal", "-shm"] { unlink(part + suffix) }
        try DatabaseLocation.sqlite(path: file).copy(to: part)
        defer { for suffix in ["", "-wal", "-shm"] { unlink(part + suffix) } }
        let found = try await check(.sqlite(path: part))
        let exists = access(path, F_OK) == 0
        let aside = path + ".before-\(SystemTime().now().milliseconds)"
        var answer: JSONObject = [
            "file": .string(file), "database": .string(location.shown), "sha256": .string(digest.hex), "check": found,
            "replaces": .bool(exists), "kept": exists ? .string(aside) : .null, "restored": .bool(false),
        ]
        if dryRun { return .object(answer) }
        if exists, !force {
            throw JidokaError.alreadyExists("`\(path)` exists already", hint: "`--force` replaces it and keeps the old file beside it")
        }
        // A database and its log belong together.
        for suffix in ["", "-wal", "-shm"] where access(path + suffix, F_OK) == 0 {
            guard rename(path + suffix, aside + suffix) == 0 else { throw DatabaseDesk.failed(path) }
        }
        guard rename(part, path) == 0 else { throw DatabaseDesk.failed(path) }
        answer["restored"] = true
        return .object(answer)
    }

    private static func digest(_ path: String) throws -> (hex: String, bytes: Int64) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw JidokaError.notFound("`\(path)` cannot be read", hint: "check the path") }
        defer { close(descriptor) }
        var hash = SHA256()
        var bytes: Int64 = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw failed(path) }
            if count == 0 { break }
            buffer.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            bytes += Int64(count)
        }
        // What is named as a backup is on the disk.
        fsync(descriptor)
        return (hash.finish(), bytes)
    }

    private static func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failed(path) }
        defer { close(descriptor) }
        var text = text
        let count = text.utf8.count
        guard text.withUTF8({ Glibc.write(descriptor, $0.baseAddress, count) }) == count, fsync(descriptor) == 0 else { throw failed(path) }
    }

    private static func failed(_ path: String) -> JidokaError {
        .unavailable("`\(path)` cannot be written: \(String(cString: strerror(errno)))", hint: "check permissions and free space")
    }
}

/// The address of a PostgreSQL database without its password, which stands between the first `:` and the last `@` before the host.
enum PostgresAddress {
    static func split(_ url: String) -> (url: String, password: String?) {
        guard let scheme = url.firstRange(of: "://") else { return (url, nil) }
        let rest = url[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else { return (url, nil) }
        let password = String(authority[authority.index(after: colon)..<at])
        return (String(url[..<colon]) + String(url[at...]), decoded(password))
    }

    /// Percent escapes as RFC 3986 has them.
    private static func decoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
