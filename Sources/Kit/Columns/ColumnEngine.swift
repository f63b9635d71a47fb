package import Clockwork
internal import Errors
package import NativeLibraries
import Synchronization

/// A DuckDB database and its connections. Nothing is loaded or opened before the first use, so an idle program stays small; whatever
/// blocks runs on the pool that is passed in, whose threads also bound the number of connections.
package final class ColumnEngine: Sendable {
    package struct Options: Sendable {
        /// The database file; nil keeps everything in memory.
        package var path: String?
        /// Threads that one query may use.
        package var threads: Int
        /// As DuckDB writes it: `512MB`, `4GB`. Queries that need more spill to `temporaryDirectory`, or fail as `exhausted`.
        package var memoryLimit: String
        /// Where large sorts and joins spill; nil forbids spilling.
        package var temporaryDirectory: String?
        package var readOnly: Bool

        package init(
            path: String? = nil, threads: Int = 2, memoryLimit: String = "1GB", temporaryDirectory: String? = nil, readOnly: Bool = false
        ) {
            self.path = path
            self.threads = threads
            self.memoryLimit = memoryLimit
            self.temporaryDirectory = temporaryDirectory
            self.readOnly = readOnly
        }
    }

    /// Connections kept open between uses.
    private static let idleMax = 8

    private struct State {
        var database: DuckDBDatabase?
        var idle: [ColumnSession] = []
    }

    private let options: Options
    private let library: NativeLibrary
    private let pool: BlockingPool
    private let state = Mutex(State())

    package init(options: Options = Options(), pool: BlockingPool, library: NativeLibrary = DuckDBLibrary.search) {
        self.options = options
        self.library = library
        self.pool = pool
    }

    /// Whether the database is open, which it is from the first use on.
    package var isOpen: Bool { state.withLock { $0.database != nil } }

    /// Closes the database once the calls under way have ended; the next use opens it again (and an in-memory one is then empty).
    package func close() {
        let closed = state.withLock { state in
            defer { state = State() }
            return (state.database, state.idle)
        }
        withExtendedLifetime(closed) {}  // the handles close here, outside the lock
    }

    /// Runs `body` on the blocking pool with a connection that no one else uses meanwhile. Temporary tables and settings made in it stay
    /// with the connection, whose next user may be anyone: drop them before returning.
    package func session<T: Sendable>(_ body: @escaping @Sendable (ColumnSession) throws -> T) async throws -> T {
        try await pool.run {
            let session = try self.take()
            let result = try body(session)
            self.giveBack(session)  // after an error it is closed instead: a transaction may be open in it
            return result
        }
    }

    /// The whole answer of one statement, by column. `parameters` stand for `?` or `$1`, `$2`, ….
    /// Throws `exhausted` when there are more than `maximumRows` rows, so that nothing is cut off silently.
    package func query(_ sql: String, _ parameters: [ColumnValue] = [], maximumRows: Int = 1_000_000) async throws -> ColumnTable {
        try await session { try $0.query(sql, parameters, maximumRows: maximumRows) }
    }

    /// Runs one statement for its effect; answers the number of rows that it inserted, changed, deleted or copied.
    @discardableResult
    package func execute(_ sql: String, _ parameters: [ColumnValue] = []) async throws -> Int {
        try await session { try $0.execute(sql, parameters) }
    }

    /// Hands the answer over in pieces of at most 2,048 rows, with bounded memory; `take` is called on a thread of the blocking pool.
    package func forEachChunk(
        _ sql: String, _ parameters: [ColumnValue] = [], _ take: @escaping @Sendable (ColumnTable) throws -> Void
    ) async throws {
        try await session { try $0.forEachChunk(sql, parameters, take) }
    }

    /// Appends rows to a table, all or none. Columns are matched by name; those not given get their default.
    package func append(table: String, columns: [Column]) async throws {
        try await session { try $0.append(table: table, columns: columns) }
    }

    private func take() throws -> ColumnSession {
        let database = try state.withLock { state in
            if let idle = state.idle.popLast() { return Taken.idle(idle) }
            if state.database == nil {
                try DuckDBLibrary.load(library)
                state.database = try DuckDBDatabase(options)
            }
            guard let database = state.database else { throw JidokaError.internal("the database did not open") }
            return Taken.fresh(database)
        }
        switch database {
        case .idle(let session): return session
        case .fresh(let database): return try ColumnSession(database)
        }
    }

    private enum Taken {
        case idle(ColumnSession)
        case fresh(DuckDBDatabase)
    }

    private func giveBack(_ session: ColumnSession) {
        state.withLock { state in
            // After `close` the session belongs to a database that is gone; it closes with its last reference.
            guard state.database === session.database, state.idle.count < ColumnEngine.idleMax else { return }
            state.idle.append(session)
        }
    }
}
