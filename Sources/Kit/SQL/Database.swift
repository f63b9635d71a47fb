package import Clockwork
package import Telemetry
import Errors

/// A database with one writer and several readers: SQLite (WAL, `synchronous=FULL`) or PostgreSQL (`synchronous_commit=on`).
///
/// `write` bodies that wait at the same moment share one durable transaction, each in a savepoint of its own: an answer means that the
/// change is on the disk, and many small writers pay for one `fsync` together. A body has the database to itself, whichever programs write
/// beside this one. Readers see the last commit and never block the writer.
package final class Database: Sendable {
    package let location: DatabaseLocation
    private let writer: GroupCommitWriter
    private let readers: ReaderPool

    /// Opens the database; a file is created. `readers` connections answer reads, each on its own thread.
    package init(_ location: DatabaseLocation, readers: Int = 2, metrics: MetricsRegistry, time: any TimeSource = SystemTime()) throws {
        self.location = location
        let open = location.opener
        writer = try GroupCommitWriter(batchMax: location.batchMax, metrics: metrics, time: time) { try open(true) }
        self.readers = ReaderPool(count: readers) { try open(false) }
    }

    /// Opens or creates a SQLite file.
    package convenience init(path: String, readers: Int = 2, metrics: MetricsRegistry, time: any TimeSource = SystemTime()) throws {
        try self.init(.sqlite(path: path), readers: readers, metrics: metrics, time: time)
    }

    /// Runs `body` in the next transaction; returns after the commit is durable. A body that throws undoes only its own changes.
    /// - Throws: what `body` throws; `exhausted` when 20,000 bodies wait already; `unavailable` after `close`, and when the connection is
    ///   lost.
    package func write<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            writer.enqueue(WriteJob(body, continuation))
        }
    }

    /// Runs `body` on a reading connection; it sees one consistent snapshot.
    package func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T { try await readers.run(body) }

    /// Finishes the writes that wait, then refuses further ones.
    package func close() { writer.close() }
}

extension DatabaseLocation {
    /// Opens a connection of the location, for writing or for reading.
    var opener: @Sendable (_ writing: Bool) throws -> Connection {
        switch self {
        case .sqlite(let path):
            return { writing in
                let engine = try SQLiteConnection(path: path, readOnly: !writing)
                try engine.script(writing ? SQLiteConnection.writerPragmas : SQLiteConnection.readerPragmas)
                return Connection(engine)
            }
        case .postgres(let url): return { _ in Connection(try PostgresConnection(url)) }
        }
    }

    /// Bodies that share a transaction. PostgreSQL keeps 64 savepoints of a transaction in its fast table; more of them slow every reader.
    var batchMax: Int {
        switch self {
        case .sqlite: 512
        case .postgres: 60
        }
    }
}

/// One waiting body: run it, then tell its caller once the commit is through.
final class WriteJob: Sendable {
    private let body: @Sendable (Connection) throws -> @Sendable ((any Error)?) -> Void
    private let refuse: @Sendable (any Error) -> Void

    init<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T, _ continuation: CheckedContinuation<T, any Error>) {
        self.body = { connection in
            let value = try body(connection)
            return { failure in
                if let failure { continuation.resume(throwing: failure) } else { continuation.resume(returning: value) }
            }
        }
        self.refuse = { continuation.resume(throwing: $0) }
    }

    /// Runs in a savepoint; the result is what to call after the commit, or nil when the body threw and its caller knows already.
    func run(on connection: Connection) throws -> (@Sendable ((any Error)?) -> Void)? {
        try connection.engine.setSavepoint()
        do {
            let settle = try body(connection)
            try connection.engine.releaseSavepoint()
            return settle
        } catch {
            try connection.engine.rollBackToSavepoint()
            refuse(error)
            return nil
        }
    }

    func refuse(with error: any Error) { refuse(error) }
}
