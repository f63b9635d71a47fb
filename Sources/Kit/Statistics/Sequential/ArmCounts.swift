/// Trials of one arm and how many of them succeeded (were correct, failed, were slow: whatever is counted).
package struct ArmCounts: Sendable, Hashable {
    package var trials: Int
    package var successes: Int

    package init(trials: Int, successes: Int) {
        precondition(trials >= 0 && (0...trials).contains(successes), "successes are a part of the trials")
        self.trials = trials
        self.successes = successes
    }

    /// How many of the values exceed a threshold: a tail (say, the control's usual p99 latency) compared as a proportion.
    ///
    /// The threshold must come from before the comparison, not from the rows compared.
    package init(counting values: some Sequence<Double>, above threshold: Double) {
        self.init(trials: 0, successes: 0)
        for value in values {
            trials += 1
            if value > threshold { successes += 1 }
        }
    }

    /// NaN without trials.
    package var rate: Double { Double(successes) / Double(trials) }

    package mutating func add(_ other: ArmCounts) {
        trials += other.trials
        successes += other.successes
    }
}
