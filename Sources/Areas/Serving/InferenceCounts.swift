package import Clockwork

/// What a model has done since it was loaded: the numbers of Open Inference's statistics extension.
package struct InferenceCounts: Sendable, Hashable {
    package struct Total: Sendable, Hashable {
        package var count: UInt64 = 0
        package var nanoseconds: UInt64 = 0
        package init() {}
        mutating func add(count: UInt64 = 1, nanoseconds: UInt64) {
            self.count += count
            self.nanoseconds &+= nanoseconds
        }
    }
    /// Requests answered, with the time from arrival to answer.
    package var successes = Total()
    package var failures = Total()
    /// Those of the failures that never ran: the queue was full, or the timeout expired.
    package var rejections: UInt64 = 0
    /// Requests whose callers left while they waited; no failures.
    package var cancellations: UInt64 = 0
    package var queue = Total()
    package var compute = Total()
    /// Rows answered.
    package var rows: UInt64 = 0
    /// Runs of the model.
    package var runs: UInt64 = 0
    /// Runs by their number of rows; sizes beyond the first 256 seen are left out.
    package var runsByRows: [Int: Total] = [:]
    /// When the newest run ended; zero when there was none.
    package var lastInference = Timestamp.zero

    package init() {}

    /// One run: how long each request had waited and its rows, whether it got an answer, and how long the model took.
    mutating func record(_ requests: [(queue: UInt64, rows: Int)], _ answered: [Bool], compute elapsed: UInt64, at now: Timestamp) {
        lastInference = now
        runs += 1
        var total = 0
        for (request, success) in zip(requests, answered) {
            total += request.rows
            if success {
                successes.add(nanoseconds: request.queue &+ elapsed)
                queue.add(nanoseconds: request.queue)
                compute.add(nanoseconds: elapsed)
                rows += UInt64(request.rows)
            } else {
                failures.add(nanoseconds: request.queue &+ elapsed)
            }
        }
        if runsByRows[total] != nil || runsByRows.count < 256 { runsByRows[total, default: Total()].add(nanoseconds: elapsed) }
    }
}
