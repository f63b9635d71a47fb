package import Clockwork
package import Telemetry
import Errors
import Synchronization

/// A SQLite database (WAL, `synchronous=FULL`) with one writer and several readers.
///
/// `write` bodies that wait at the same moment share one durable transaction, each in a savepoint of its own: an answer means that the
/// change is on the disk, and many small writers pay for one `fsync` together. Readers see the last commit and never block the writer.
package final class Database: Sendable {
    private let writer: GroupCommitWriter
    private let readers: ReaderPool

    /// Opens or creates the file. `readers` connections answer reads, each on its own thread.
    package init(path: String, readers: Int = 2, metrics: MetricsRegistry, time: any TimeSource = SystemTime()) throws {
        let connection = try Connection(path: path, readOnly: false)
        // 32 MB of log before its pages are written to their places: a batch of many metrics touches the same pages as the one before it.
        try connection.script(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16000;"
                + " PRAGMA case_sensitive_like=ON; PRAGMA wal_autocheckpoint=8000;")
        writer = GroupCommitWriter(connection, metrics: metrics, time: time)
        self.readers = ReaderPool(path: path, count: readers)
    }

    /// Runs `body` in the next transaction; returns after the commit is durable. A body that throws undoes only its own changes.
    /// - Throws: what `body` throws; `exhausted` when 20,000 bodies wait already; `unavailable` after `close`.
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
        try connection.execute("SAVEPOINT job")
        do {
            let settle = try body(connection)
            try connection.execute("RELEASE job")
            return settle
        } catch {
            try connection.execute("ROLLBACK TO job")
            try connection.execute("RELEASE job")
            refuse(error)
            return nil
        }
    }

    func refuse(with error: any Error) { refuse(error) }
}
