import Clockwork
import Errors
import Synchronization
import Telemetry

/// The one thread that writes: takes all jobs that wait (at most `batchMax`), runs them in one transaction, commits, then answers them.
final class GroupCommitWriter: Sendable {
    private struct Queue {
        var jobs: [WriteJob] = []
        var closed = false
    }
    private let queue = Mutex(Queue())
    private let available = Signal()
    private let finished = Signal()
    private let time: any TimeSource
    private let commitSeconds: Histogram
    private let commitJobs: Histogram
    private static let waitingMax = 20_000
    private let batchMax: Int
    private let open: @Sendable () throws -> Connection

    /// - Parameter open: makes the writing connection, now and whenever it was lost.
    init(batchMax: Int, metrics: MetricsRegistry, time: any TimeSource, open: @escaping @Sendable () throws -> Connection) throws {
        self.batchMax = batchMax
        self.time = time
        self.open = open
        commitSeconds = metrics.histogram("jidoka_sql_commit_seconds", help: "Duration of one durable transaction.")
        commitJobs = metrics.histogram(
            "jidoka_sql_commit_writes", help: "Writes that shared one durable transaction.",
            bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
        let owner = ConnectionOwner(try open())
        startThread { [self] in
            drain(owner)
            finished.post()
        }
    }

    func enqueue(_ job: WriteJob) {
        let refused: JidokaError? = queue.withLock { queue in
            if queue.closed { return .unavailable("the database is closing") }
            if queue.jobs.count >= GroupCommitWriter.waitingMax {
                return JidokaError(.exhausted, "too many writes wait", hint: "try again in a moment")
            }
            queue.jobs.append(job)
            return nil
        }
        if let refused { job.refuse(with: refused) } else { available.post() }
    }

    func close() {
        let first = queue.withLock { queue in
            defer { queue.closed = true }
            return !queue.closed
        }
        guard first else { return }
        available.post()
        finished.wait()
    }

    private func drain(_ owner: ConnectionOwner) {
        while true {
            available.wait()
            let (batch, closed): ([WriteJob], Bool) = queue.withLock { queue in
                let count = min(queue.jobs.count, batchMax)
                let batch = Array(queue.jobs.prefix(count))
                queue.jobs.removeFirst(count)
                return (batch, queue.closed)
            }
            if !batch.isEmpty { commit(batch, on: owner) }
            if closed, queue.withLock({ $0.jobs.isEmpty }) { return }
            if closed { available.post() }
        }
    }

    /// A connection that broke while nothing was under way is replaced, once.
    private func begin(_ owner: ConnectionOwner) throws -> Connection {
        do {
            try owner.connection.engine.begin(writing: true)
        } catch  where owner.connection.engine.isLost {
            owner.connection = try open()
            try owner.connection.engine.begin(writing: true)
        }
        return owner.connection
    }

    private func commit(_ batch: [WriteJob], on owner: ConnectionOwner) {
        let started = time.steadyNanoseconds()
        var settled: [@Sendable ((any Error)?) -> Void] = []
        settled.reserveCapacity(batch.count)
        var remaining = batch[...]
        do {
            let connection = try begin(owner)
            while let job = remaining.first {
                remaining = remaining.dropFirst()
                do {
                    if let settle = try job.run(on: connection) { settled.append(settle) }
                } catch {
                    job.refuse(with: error)
                    throw error
                }
            }
            try connection.engine.commit()
            for settle in settled { settle(nil) }
        } catch {
            // The transaction as a whole failed (disk full, I/O, connection): nothing of it was kept, and every caller that waits is told
            // so. When the connection broke during the commit itself nobody can know: the error says that it was lost, no more.
            do { try owner.connection.engine.rollBack() } catch { /* rolled back by the engine itself already, or lost */ _ = error }
            for settle in settled { settle(error) }
            for job in remaining { job.refuse(with: error) }
        }
        commitJobs.observe(Double(batch.count))
        commitSeconds.observe(Double(time.steadyNanoseconds() - started) / 1e9)
    }
}

/// Carries the connection to the thread that will own it.
private final class ConnectionOwner: @unchecked Sendable {  // handed over once, before the thread starts
    var connection: Connection
    init(_ connection: consuming Connection) { self.connection = connection }
}
