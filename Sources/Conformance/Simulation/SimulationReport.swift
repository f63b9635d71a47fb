import Clockwork

/// What happened in a simulation, or in many.
package struct SimulationReport: Sendable, Hashable {
    package var ticks = 0
    package var restarts = 0
    package var faults = 0
    /// Writes whose answer arrived: none of them was lost.
    package var acknowledged = 0
    package var events = 0
    package var requested = 0
    package var suppressed = 0
    package var rollouts = 0
    package var promoted = 0
    package var rolledBack = 0
    package var pausedNoTraffic = 0
    package var pausedMismatch = 0
    /// Rollouts that people left alone, by the truth that only the simulation knows: at least 5 points worse throughout, not worse
    /// throughout (0 to 2 points better), at least 2 points better throughout.
    package var bad = 0
    package var badPromoted = 0
    package var notWorse = 0
    package var notWorseHarmed = 0
    package var better = 0
    package var betterPromoted = 0
    /// Labels of both arms in the step that decided, summed over the machine's promotions and its detections of harm.
    package var promotions = 0
    package var labelsToPromotion = 0
    package var harms = 0
    package var labelsToHarm = 0
    /// Hash of the newest event: the whole history in one word. Empty in a sum.
    package var head = ""

    package init() {}

    package mutating func add(_ other: SimulationReport) {
        let sums: [WritableKeyPath<SimulationReport, Int>] = [
            \.ticks, \.restarts, \.faults, \.acknowledged, \.events, \.requested, \.suppressed, \.rollouts, \.promoted, \.rolledBack,
            \.pausedNoTraffic, \.pausedMismatch, \.bad, \.badPromoted, \.notWorse, \.notWorseHarmed, \.better, \.betterPromoted,
            \.promotions, \.labelsToPromotion, \.harms, \.labelsToHarm,
        ]
        for sum in sums { self[keyPath: sum] += other[keyPath: sum] }
        head = ""
    }
}

/// A broken invariant, with all that replays it.
package struct SimulationFailure: Error, CustomStringConvertible {
    package var seed: UInt64
    package var invariant: String
    /// The newest steps, oldest first.
    package var trace: [String]

    package init(seed: UInt64, invariant: String, trace: [String]) {
        self.seed = seed
        self.invariant = invariant
        self.trace = trace
    }

    package var description: String {
        "seed \(seed): \(invariant)\n  the last \(trace.count) steps:\n" + trace.map { "  \($0)\n" }.joined()
    }
}

/// The newest steps of a simulation.
struct SimulationTrace {
    private(set) var lines: [String] = []
    private static let linesMax = 30

    mutating func add(_ line: String, _ faults: [String]) {
        lines.append(faults.isEmpty ? line : line + " [" + faults.joined(separator: "; ") + "]")
        if lines.count > SimulationTrace.linesMax { lines.removeFirst(lines.count - SimulationTrace.linesMax) }
    }
}
