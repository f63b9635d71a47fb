/// Which process answers which request, and when one that ended is started again: a pure state machine.
///
/// The owner tells what happened and does what the actions say. A request gets the process that became free first; one whose process dies
/// fails, because the next process may die of it as well.
struct WorkerRoster: Sendable {
    enum Action: Equatable {
        /// Start the process of a slot after so many nanoseconds, then call `started` or `failed`.
        case start(slot: Int, after: UInt64)
        /// The request has the slot until `release` or `died`.
        case grant(request: Int, slot: Int)
        /// The request cannot be answered: no process starts.
        case refuse(request: Int, why: String)
    }

    private enum Slot {
        case starting
        case free
        case busy
    }
    private var slots: [Slot]
    /// In a row, of each slot.
    private var failures: [Int]
    private var waiting: [Int] = []
    /// Why the newest start failed; nil once one succeeded.
    private var reason: String?

    static let firstPause: UInt64 = 100_000_000
    static let longestPause: UInt64 = 30_000_000_000

    /// All processes run already.
    init(running count: Int) {
        slots = Array(repeating: .free, count: max(1, count))
        failures = Array(repeating: 0, count: max(1, count))
    }

    /// Requests that wait for a process.
    var depth: Int { waiting.count }

    mutating func ask(_ request: Int) -> [Action] {
        if let free = slots.firstIndex(where: { $0 == .free }) {
            slots[free] = .busy
            return [.grant(request: request, slot: free)]
        }
        if let reason, !slots.contains(where: { $0 == .busy }) { return [.refuse(request: request, why: reason)] }
        waiting.append(request)
        return []
    }

    /// A request that waits is not answered any more.
    mutating func withdraw(_ request: Int) { waiting.removeAll { $0 == request } }

    mutating func release(_ slot: Int) -> [Action] { free(slot) }

    /// The process of a slot ended, whether it was asked something or not.
    mutating func died(_ slot: Int) -> [Action] {
        guard slots[slot] != .starting else { return [] }
        slots[slot] = .starting
        return [.start(slot: slot, after: pause(slot))]
    }

    mutating func started(_ slot: Int) -> [Action] {
        reason = nil
        return free(slot)
    }

    /// It could not be started: again later. Nobody waits when no other process is there.
    mutating func failed(_ slot: Int, _ why: String) -> [Action] {
        failures[slot] += 1
        reason = why
        var actions: [Action] = [.start(slot: slot, after: pause(slot))]
        if !slots.contains(where: { $0 == .busy || $0 == .free }) {
            actions += waiting.map { .refuse(request: $0, why: why) }
            waiting = []
        }
        return actions
    }

    /// An answered request: the process is well.
    mutating func answered(_ slot: Int) { failures[slot] = 0 }

    private mutating func free(_ slot: Int) -> [Action] {
        guard !waiting.isEmpty else {
            slots[slot] = .free
            return []
        }
        slots[slot] = .busy
        return [.grant(request: waiting.removeFirst(), slot: slot)]
    }

    private mutating func pause(_ slot: Int) -> UInt64 {
        let pause = min(WorkerRoster.longestPause, WorkerRoster.firstPause << UInt64(min(failures[slot], 16)))
        if failures[slot] == 0 { failures[slot] = 1 }
        return pause
    }
}
