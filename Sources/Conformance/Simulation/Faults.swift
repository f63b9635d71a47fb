import Clockwork
import Errors
import Synchronization

/// Trouble that a seed repeats: calls refused before they happen, answers lost after they happened, and the whole server struck down
/// between any two steps.
final class Faults: Sendable {
    /// What each single call risks.
    struct Rates: Sendable {
        var refusal: Double
        var lostAnswer: Double
        var crash: Double

        init(refusal: Double, lostAnswer: Double, crash: Double) {
            self.refusal = refusal
            self.lostAnswer = lostAnswer
            self.crash = crash
        }

        static let none = Rates(refusal: 0, lostAnswer: 0, crash: 0)
    }

    private struct State {
        var rates: Rates
        var isDown = false
        var injected: [String] = []
        var count = 0
    }
    private let random: SeededRandom
    private let state: Mutex<State>

    init(rates: Rates, random: SeededRandom) {
        self.random = random
        state = Mutex(State(rates: rates))
    }

    /// From now on these rates hold; `.none` lets the dust settle.
    func set(_ rates: Rates) { state.withLock { $0.rates = rates } }

    /// Down: every call fails without happening until `restart`.
    var isDown: Bool { state.withLock { $0.isDown } }
    func crash() { state.withLock { $0.isDown = true } }
    func restart() { state.withLock { $0.isDown = false } }

    /// Faults so far.
    var count: Int { state.withLock { $0.count } }

    /// What was injected since the last call, for the trace.
    func takeInjected() -> [String] {
        state.withLock { state in
            defer { state.injected = [] }
            return state.injected
        }
    }

    /// Runs the call, or not, and answers, or not. Reads fail a tenth as often as writes.
    func attempt<T>(_ call: String, isRead: Bool = false, _ body: () async throws -> T) async throws -> T {
        let share = isRead ? 0.1 : 1
        try before(call, share)
        let value = try await body()
        try after(call, share)
        return value
    }

    private func before(_ call: String, _ share: Double) throws {
        let (refuses, crashes) = (random.uniform(), random.uniform())
        try state.withLock { state in
            if state.isDown { throw JidokaError.unavailable("the server is down") }
            if crashes < state.rates.crash / 2 * share { throw strike(&state, "crash before \(call)", down: true) }
            if refuses < state.rates.refusal * share { throw strike(&state, "\(call) refused", down: false) }
        }
    }

    private func after(_ call: String, _ share: Double) throws {
        let (loses, crashes) = (random.uniform(), random.uniform())
        try state.withLock { state in
            if crashes < state.rates.crash / 2 * share { throw strike(&state, "crash after \(call)", down: true) }
            if loses < state.rates.lostAnswer * share { throw strike(&state, "answer of \(call) lost", down: false) }
        }
    }

    private func strike(_ state: inout State, _ what: String, down: Bool) -> JidokaError {
        state.isDown = state.isDown || down
        state.count += 1
        state.injected.append(what)
        return JidokaError.unavailable("simulated: \(what)")
    }
}
