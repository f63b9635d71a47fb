import Digests
import Errors
import Glibc
package import JSON
import JidokaAPI
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
        "experiments", "runs", "metric_points", "metric_arrivals", "logged_models", "registered_models", "model_versions", "artifacts",
        "dataset_versions", "pipeline_runs", "endpoints", "events",
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
        case .postgres(let url): try PostgresTools(url, environment: environment).dump(to: part)
        }
        let digest = try DatabaseDesk.digest(part)
        try DatabaseDesk.write("\(digest.hex)  \(file.split(separator: "/").last ?? "")\n", to: file + ".sha256")
        guard rename(part, file) == 0 else { throw DatabaseDesk.failed(file) }
        return [
            "database": .string(location.shown), "file": .string(file), "bytes": .int(digest.bytes), "sha256": .string(digest.hex),
        ]
    }

    // MARK: Restore

    /// Puts a backup in the place of the database. What was there is kept: the file beside it, of PostgreSQL a dump beside the backup.
    /// - Throws: `conflict` when a server has the database open, `already_exists` unless `force`.
    package func restore(_ file: String, force: Bool, dryRun: Bool) async throws -> JSONValue {
        let digest = try DatabaseDesk.digest(file)
        if access(file + ".sha256", F_OK) == 0 {
            let kept = String(decoding: try readFile(file + ".sha256"), as: UTF8.self)
            guard kept.hasPrefix(digest.hex) else {
                throw JidokaError.failedPrecondition("`\(file)` is not what was written: its digest is another", hint: "use another backup")
            }
        }
        var answer: JSONObject = [
            "file": .string(file), "database": .string(location.shown), "sha256": .string(digest.hex), "restored": .bool(false),
        ]
        switch location {
        case .sqlite(let path): try await restore(file, to: path, force, dryRun, &answer)
        case .postgres(let url): try await restore(file, toServer: url, force, dryRun, &answer)
        }
        return .object(answer)
    }

    private func restore(_ file: String, to path: String, _ force: Bool, _ dryRun: Bool, _ answer: inout JSONObject) async throws {
        let home = try HomeFolder(path: settings.home)
        defer { withExtendedLifetime(home.path) {} }
        let part = path + ".restoring"
        for suffix in ["", "-wal", "-shm"] { unlink(part + suffix) }
        try DatabaseLocation.sqlite(path: file).copy(to: part)
        defer { for suffix in ["", "-wal", "-shm"] { unlink(part + suffix) } }
        answer["check"] = try await check(.sqlite(path: part))
        let exists = access(path, F_OK) == 0
        let aside = path + ".before-\(SystemTime().now().milliseconds)"
        answer["replaces"] = .bool(exists)
        answer["kept"] = exists ? .string(aside) : .null
        if dryRun { return }
        if exists, !force { throw DatabaseDesk.exists(path) }
        // A database and its log belong together.
        for suffix in ["", "-wal", "-shm"] where access(path + suffix, F_OK) == 0 {
            guard rename(path + suffix, aside + suffix) == 0 else { throw DatabaseDesk.failed(path) }
        }
        guard rename(part, path) == 0 else { throw DatabaseDesk.failed(path) }
        answer["restored"] = true
    }

    /// In one transaction: it is all there or nothing has changed.
    private func restore(_ file: String, toServer url: String, _ force: Bool, _ dryRun: Bool, _ answer: inout JSONObject) async throws {
        let tools = PostgresTools(url, environment: environment)
        let tables = try tools.tables(of: file)
        guard tables.contains("migrations") else {
            throw JidokaError.failedPrecondition("`\(file)` holds no database of this program", hint: "use what `jidoka db backup` wrote")
        }
        let lease = LeaderLease(location)
        guard try await lease.hold() else {
            throw JidokaError(.conflict, "a server has the database `\(location.shown)` open", hint: "stop it first")
        }
        let before = try await with(location) { database in
            let held = try await database.tables()
            return held.contains("migrations") ? held : []
        }
        let aside = "\(file).before-\(SystemTime().now().milliseconds)"
        answer["tables"] = .int(Int64(tables.count))
        answer["replaces"] = .bool(!before.isEmpty)
        answer["kept"] = before.isEmpty ? .null : .string(aside)
        if !dryRun {
            if !before.isEmpty {
                guard force else { throw DatabaseDesk.exists(location.shown) }
                try tools.dump(to: aside)
            }
            // Tables of a newer program than the backup's stand in its way.
            try tools.restore(file, dropping: before.filter { !tables.contains($0) })
            answer["check"] = try await check(location)
            answer["restored"] = true
        }
        try await lease.release()
    }

    private static func exists(_ what: String) -> JidokaError {
        .alreadyExists("`\(what)` exists already", hint: "`--force` replaces it and keeps the old one")
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
