import Glibc
package import SQL
import Telemetry

/// The engines that every store is tested on.
package enum DatabaseEngine: String, Sendable, CaseIterable {
    case sqlite = "SQLite"
    case postgres = "PostgreSQL"
}

/// An empty database of a test: a file in a temporary folder, or a schema of the process's PostgreSQL server.
package struct TestDatabase: Sendable {
    package let location: DatabaseLocation
    package let database: Database
    private let folder: String

    package init(_ engine: DatabaseEngine, _ migrations: [Migration] = []) async throws {
        folder = try TemporaryFolder.make("test")
        let name = "test_" + folder.suffix(6)
        switch engine {
        case .sqlite: location = .sqlite(path: folder + "/test.db")
        case .postgres: location = try PostgresServer.shared.get().location(schema: "%22\(name)%22")
        }
        database = try Database(location, metrics: MetricsRegistry())
        if engine == .postgres { try await database.write { try $0.script("CREATE SCHEMA \"\(name)\"") } }
        try await database.migrate(migrations)
    }

    /// Another program's view of the same database.
    package func another() throws -> Database { try Database(location, metrics: MetricsRegistry()) }

    package func close() {
        database.close()
        for name in ["test.db", "test.db-wal", "test.db-shm"] { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }
}
