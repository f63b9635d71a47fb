/// Finds out whether a model answers requests together faster than apart: whether a delay that collects them pays.
///
/// Dense models share most of a run's cost among its rows; trees pay the same for each row, and a request that waits for company only
/// loses time. What counts is the time a row costs in runs of one request and in runs of several, each as a moving average in which one
/// slow run (a descheduled thread) has little weight.
package struct BatchGain: Sendable {
    private struct Cost {
        var runs = 0
        var nanosecondsPerRow = 0.0

        mutating func add(_ sample: Double) {
            runs += 1
            guard runs > 1 else { return nanosecondsPerRow = sample }
            let bounded = min(sample, 4 * nanosecondsPerRow)
            nanosecondsPerRow += (bounded - nanosecondsPerRow) * max(1 / Double(runs), 1.0 / 32)
        }
    }
    /// Runs of each kind before anything is concluded.
    package static let runsMin = 16
    /// Requests of a run that counts as several.
    package static let several = 4
    /// The share of a lone row's cost that a joined row may have at most for waiting to pay, and to pay again once it did not.
    private static let worth = 0.7
    private static let worthAgain = 0.6

    private var alone = Cost()
    private var together = Cost()
    /// Waiting is worth it until it is known not to be.
    package private(set) var isWorthWaiting = true

    package init() {}

    /// A run has ended that answered all its requests.
    package mutating func record(requests: Int, rows: Int, nanoseconds: UInt64) {
        guard rows > 0 else { return }
        let cost = Double(nanoseconds) / Double(rows)
        if requests == 1 {
            alone.add(cost)
        } else if requests >= BatchGain.several {
            together.add(cost)
        } else {
            return
        }
        guard alone.runs >= BatchGain.runsMin, together.runs >= BatchGain.runsMin else { return }
        let share = together.nanosecondsPerRow / max(alone.nanosecondsPerRow, 1)
        isWorthWaiting = share < (isWorthWaiting ? BatchGain.worth : BatchGain.worthAgain)
    }
}
