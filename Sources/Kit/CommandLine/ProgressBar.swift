package import Clockwork
import Synchronization

/// Progress on standard error: a bar that redraws itself on a terminal once the work has taken a second, a line for every tenth otherwise.
package final class ProgressBar: Sendable {
    private let console: any Console
    private let time: any TimeSource
    private let state: Mutex<ProgressState>

    /// - Parameter total: what `advance` adds up to; nil when nobody knows.
    package init(_ label: String, total: Int?, unit: String = "", console: any Console, time: any TimeSource) {
        self.console = console
        self.time = time
        state = Mutex(
            ProgressState(
                label: label, total: total, unit: unit, isTerminal: console.errorIsTerminal, width: console.width,
                start: time.steadyNanoseconds()))
    }

    package func advance(by amount: Int = 1) {
        let now = time.steadyNanoseconds()
        if let text = state.withLock({ $0.advance(by: amount, now: now) }) { console.writeError(text) }
    }

    /// Draws the end. Call it also when the work failed, so that the next line begins on its own.
    package func finish() {
        let now = time.steadyNanoseconds()
        if let text = state.withLock({ $0.finish(now: now) }) { console.writeError(text) }
    }
}

/// The rules of the bar: takes amounts and times, gives the text to write.
struct ProgressState {
    private static let second: UInt64 = 1_000_000_000
    private static let redraw: UInt64 = 100_000_000
    private static let cells = 24

    let label: String
    let total: Int?
    let unit: String
    let isTerminal: Bool
    let width: Int
    let start: UInt64
    private var done = 0
    private var drawnAt: UInt64?
    private var tenths = 0
    private var finished = false

    init(label: String, total: Int?, unit: String, isTerminal: Bool, width: Int, start: UInt64) {
        self.label = label
        self.total = total
        self.unit = unit
        self.isTerminal = isTerminal
        self.width = width
        self.start = start
    }

    mutating func advance(by amount: Int, now: UInt64) -> String? {
        done += amount
        guard isTerminal else { return tenthLine(now: now) }
        guard now - start >= ProgressState.second, now - (drawnAt ?? 0) >= ProgressState.redraw else { return nil }
        drawnAt = now
        return "\r\u{1B}[K" + bar(now: now)
    }

    mutating func finish(now: UInt64) -> String? {
        guard !finished else { return nil }
        finished = true
        guard isTerminal, drawnAt != nil else { return nil }
        return "\r\u{1B}[K" + bar(now: now) + "\n"
    }

    /// Work that ends within a second says nothing at all.
    private mutating func tenthLine(now: UInt64) -> String? {
        guard let total, total > 0, now - start >= ProgressState.second else { return nil }
        let reached = min(10, done * 10 / total)
        guard reached > tenths else { return nil }
        tenths = reached
        return "\(label): \(reached * 10) % (\(amounts), \(elapsed(now)))\n"
    }

    private func bar(now: UInt64) -> String {
        guard let total, total > 0 else { return "\(label)  \(amounts)  \(elapsed(now))" }
        let share = min(1, Double(done) / Double(total))
        let full = Int(share * Double(ProgressState.cells))
        let cells = String(repeating: "█", count: full) + String(repeating: "░", count: ProgressState.cells - full)
        var line = "\(label)  \(cells) \(Int(share * 100)) %  \(amounts)  \(elapsed(now))"
        if done > 0, done < total {
            let left = Double(now - start) * (1 - share) / share
            line += ", \(HumanText.duration(.nanoseconds(Int64(left)))) left"
        }
        return displayWidth(line) < width ? line : "\(label)  \(Int(share * 100)) %"
    }

    private var amounts: String {
        let parts = [HumanText.count(Int64(done)) + (total.map { " of " + HumanText.count(Int64($0)) } ?? ""), unit]
        return parts.filter { !$0.isEmpty }.joined(separator: " ")
    }

    private func elapsed(_ now: UInt64) -> String { HumanText.duration(.nanoseconds(Int64(now - start))) }
}
