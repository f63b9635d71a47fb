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
    private static let batchMax = 512

    init(_ connection: consuming sending Connection, metrics: MetricsRegistry, time: any TimeSource) {
        self.time = time
        commitSeconds = metrics.histogram("jidoka_sql_commit_seconds", help: "Duration of one durable transaction.")
        commitJobs = metrics.histogram(
            "jidoka_sql_commit_writes", help: "Writes that shared one durable transaction.",
            bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
        let owner = ConnectionOwner(connection)
        startThread { [self] in
            drain(owner.connection)
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

    private func drain(_ connection: Connection) {
        while true {
            available.wait()
            let (batch, closed): ([WriteJob], Bool) = queue.withLock { queue in
                let count = min(queue.jobs.count, GroupCommitWriter.batchMax)
                let batch = Array(queue.jobs.prefix(count))
                queue.jobs.removeFirst(count)
                return (batch, queue.closed)
            }
            if !batch.isEmpty { commit(batch, on: connection) }
            if closed, queue.withLock({ $0.jobs.isEmpty }) { return }
            if closed { available.post() }
        }
    }

    private func commit(_ batch: [WriteJob], on connection: Connection) {
        let started = time.steadyNanoseconds()
        var settled: [@Sendable ((any Error)?) -> Void] = []
        settled.reserveCapacity(batch.count)
        var remaining = batch[...]
        do {
            try connection.execute("BEGIN IMMEDIATE")
            while let job = remaining.first {
                remaining = remaining.dropFirst()
                do {
                    if let settle = try job.run(on: connection) { settled.append(settle) }
                } catch {
                    job.refuse(with: error)
                    throw error
                }
            }
            try connection.execute("COMMIT")
            for settle in settled { settle(nil) }
        } catch {
            // The transaction as a whole failed (disk full, I/O): nothing of it was kept, and every caller that waits is told so.
            do { try connection.execute("ROLLBACK") } catch { /* SQLite has rolled back by itself already */ _ = error }
            for settle in settled { settle(error) }
            for job in remaining { job.refuse(with: error) }
        }
        commitJobs.observe(Double(batch.count))
        commitSeconds.observe(Double(time.steadyNanoseconds() - started) / 1e9)
    }
}

/// Carries the connection to the thread that will own it.
private final class ConnectionOwner: @unchecked Sendable {  // handed over once, before the thread starts
    let connection: Connection
    init(_ connection: consuming Connection) { self.connection = connection }
}
