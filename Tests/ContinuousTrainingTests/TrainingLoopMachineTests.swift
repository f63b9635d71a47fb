import Clockwork
import ContinuousTraining
import Events
import JSON
import Testing

private let start = Timestamp(microseconds: 1_767_225_600_000_000)
private func at(hours: Double) -> Timestamp { start + .seconds(Int64(hours * 3_600)) }

private let policy = RetrainPolicy(triggers: ["drift.confirmed"], rows: 8_000, cooldown: .seconds(6 * 3_600), budgetPerDay: 3)

extension [TrainingLoopMachine.Action] {
    fileprivate var kinds: [String] { compactMap { if case .record(let event) = $0 { event.kind } else { nil } } }
    fileprivate var reasons: [String] { compactMap { if case .record(let event) = $0 { event.reason } else { nil } } }
    fileprivate var deeds: [TrainingLoopMachine.Action] { filter { if case .record = $0 { false } else { true } } }
}

extension TrainingLoopMachine {
    fileprivate static func watching(_ policy: RetrainPolicy = policy) -> TrainingLoopMachine {
        TrainingLoopMachine(TrainingLoop(endpoint: "employment", cursor: 10), policy: policy)
    }

    /// A fresh trigger.
    fileprivate mutating func drift(at now: Timestamp) -> [Action] {
        let sequence = loop.cursor + 1
        return handle(
            .event(sequence: sequence, kind: "drift.confirmed", reason: "AGEP", concernsEndpoint: true, request: "q\(sequence)"), at: now)
    }

    fileprivate static func inPhase(_ name: String) -> TrainingLoopMachine {
        var machine = watching()
        let way: [Input] = [.started(run: "run"), .produced(version: "2"), .rolloutStarted(rollout: "r")]
        let length = ["watching": 0, "requested": 0, "training": 1, "produced": 2, "rollingOut": 3][name] ?? 0
        if name != "watching" { _ = machine.drift(at: start) }
        for input in way.prefix(length) { _ = machine.handle(input, at: start) }
        return machine
    }
}

struct TrainingLoopMachineTests {
    private let retrain = TrainingLoopMachine.Action.retrain(request: "q11", rows: 8_000, reason: "drift.confirmed: AGEP")
    private let rollout = TrainingLoopMachine.Action.startRollout(request: "q11", version: "2", reason: "drift.confirmed: AGEP")

    @Test func `a trigger leads through training and rollout back to watching, each step told`() {
        var machine = TrainingLoopMachine.watching()
        var actions = machine.drift(at: start)
        #expect(actions.deeds == [retrain])
        actions += machine.handle(.started(run: "run"), at: start)
        actions += machine.handle(.produced(version: "2"), at: start)
        #expect(actions.deeds == [retrain, rollout])
        actions += machine.handle(.rolloutStarted(rollout: "r"), at: start)
        #expect(machine.loop.phase == .rollingOut(request: "q11", version: "2", rollout: "r"))
        actions += machine.handle(.rolloutEnded(promoted: true, why: "baked"), at: start)
        #expect(machine.loop.phase == .watching)
        #expect(actions.kinds == ["retrain.requested", "retrain.started", "retrain.produced", "retrain.promoted"])
        #expect(machine.loop.revision == 5)
    }

    @Test(arguments: ["watching", "requested", "training", "produced", "rollingOut"])
    func `a restart asks for what was under way, and only for that`(phase: String) {
        var machine = TrainingLoopMachine.inPhase(phase)
        let before = machine.loop
        let actions = machine.handle(.begin, at: at(hours: 1))
        #expect(machine.loop == before)
        #expect(actions == (phase == "requested" ? [retrain] : phase == "produced" ? [rollout] : []))
    }

    @Test(arguments: [
        ("training", TrainingLoopMachine.Input.gateRefused(version: "2", why: "f1"), "retrain.gate_refused"),
        ("training", .failed(why: "exit 1"), "retrain.failed"), ("requested", .failed(why: "12 rows"), "retrain.failed"),
        ("produced", .failed(why: "gone"), "retrain.failed"),
        ("rollingOut", .rolloutEnded(promoted: false, why: "harm"), "retrain.rolled_back"),
    ])
    func `each way to end goes back to watching and says why`(phase: String, input: TrainingLoopMachine.Input, kind: String) {
        var machine = TrainingLoopMachine.inPhase(phase)
        #expect(machine.handle(input, at: start).kinds == [kind])
        #expect(machine.loop.phase == .watching)
    }

    @Test(arguments: [
        ("watching", TrainingLoopMachine.Input.failed(why: "late")), ("watching", .started(run: "x")),
        ("watching", .produced(version: "9")),
        ("requested", .produced(version: "9")), ("requested", .gateRefused(version: "9", why: "late")), ("training", .started(run: "x")),
        ("produced", .gateRefused(version: "9", why: "late")), ("rollingOut", .failed(why: "late")),
        ("rollingOut", .produced(version: "9")),
        ("training", .rolloutEnded(promoted: true, why: "late")), ("watching", .rolloutStarted(rollout: "x")),
    ])
    func `an answer that comes out of its time changes nothing`(phase: String, input: TrainingLoopMachine.Input) {
        var machine = TrainingLoopMachine.inPhase(phase)
        let before = machine.loop
        #expect(machine.handle(input, at: start) == [])
        #expect(machine.loop == before)
    }

    @Test(arguments: ["requested", "training", "produced", "rollingOut"])
    func `a trigger while a retrain is under way is suppressed`(phase: String) {
        var machine = TrainingLoopMachine.inPhase(phase)
        let before = machine.loop.phase
        let actions = machine.drift(at: at(hours: 100))
        #expect(actions.kinds == ["retrain.suppressed"])
        #expect(actions.reasons == ["a retrain is under way"])
        #expect(actions.deeds == [])
        #expect(machine.loop.phase == before)
    }

    @Test func `a trigger within the cooldown is suppressed, one after it is not`() {
        var machine = TrainingLoopMachine.inPhase("training")
        _ = machine.handle(.failed(why: "exit 1"), at: at(hours: 1))
        let actions = machine.drift(at: at(hours: 5.9))
        #expect(actions.kinds == ["retrain.suppressed"])
        #expect(actions.reasons == ["cooling down: the last retrain started 21240 s ago, the cooldown is 21600 s"])
        #expect(machine.drift(at: at(hours: 6)).kinds == ["retrain.requested"])
    }

    @Test func `a cooldown longer than a day holds`() {
        var machine = TrainingLoopMachine.watching(
            RetrainPolicy(triggers: ["drift.confirmed"], cooldown: .seconds(3 * 86_400), budgetPerDay: 4))
        _ = machine.drift(at: start)
        _ = machine.handle(.failed(why: "exit 1"), at: start)
        for hours in [25.0, 48, 71.9] { #expect(machine.drift(at: at(hours: hours)).kinds == ["retrain.suppressed"]) }
        #expect(machine.drift(at: at(hours: 72)).kinds == ["retrain.requested"])
    }

    @Test func `the budget holds over any 24 hours`() {
        var machine = TrainingLoopMachine.watching(RetrainPolicy(triggers: ["drift.confirmed"], cooldown: .zero, budgetPerDay: 3))
        for hours in [0.0, 8, 16] {
            #expect(machine.drift(at: at(hours: hours)).kinds == ["retrain.requested"])
            _ = machine.handle(.failed(why: "exit 1"), at: at(hours: hours))
        }
        #expect(machine.drift(at: at(hours: 23.9)).reasons == ["the budget of 3 retrains a day is used up"])
        #expect(machine.drift(at: at(hours: 24)).kinds == ["retrain.requested"])
        _ = machine.handle(.failed(why: "exit 1"), at: at(hours: 24))
        #expect(machine.drift(at: at(hours: 31)).kinds == ["retrain.suppressed"])
        #expect(machine.loop.starts.count == 3)
    }

    @Test func `an event counts once, in order, and only of this endpoint and policy`() {
        var machine = TrainingLoopMachine.watching()
        func event(_ sequence: Int64, _ kind: String = "drift.confirmed", concerns: Bool = true) -> TrainingLoopMachine.Input {
            .event(sequence: sequence, kind: kind, reason: "AGEP", concernsEndpoint: concerns, request: "q")
        }
        #expect(machine.handle(event(10), at: start) == [])
        #expect(machine.loop.cursor == 10 && machine.loop.revision == 0)
        #expect(machine.handle(event(12, "drift.suspected"), at: start) == [])
        #expect(machine.handle(event(14, concerns: false), at: start) == [])
        #expect(machine.loop.cursor == 14 && machine.loop.phase == .watching)
        #expect(machine.handle(event(13), at: start) == [])
        #expect(machine.handle(event(15), at: start).kinds == ["retrain.requested"])
        _ = machine.handle(.failed(why: "exit 1"), at: start)
        #expect(machine.handle(event(15), at: at(hours: 100)) == [])
        #expect(machine.loop.phase == .watching)
    }

    @Test func `held by a person nothing starts until released`() {
        var machine = TrainingLoopMachine.watching()
        #expect(machine.handle(.hold(actor: "user:ann", reason: "audit"), at: start).kinds == ["retrain.held"])
        #expect(machine.handle(.hold(actor: "user:bob", reason: "too"), at: start) == [])
        #expect(machine.drift(at: start).reasons == ["held by a person"])
        let released = machine.handle(.release(actor: "user:ann", reason: "done"), at: start)
        #expect(released.kinds == ["retrain.released"] && released.deeds == [])
        #expect(machine.handle(.release(actor: "user:ann", reason: "done"), at: start) == [])
        #expect(machine.drift(at: start).kinds == ["retrain.requested"])
    }

    @Test func `what a held loop would have started it starts on release`() {
        var machine = TrainingLoopMachine.inPhase("training")
        _ = machine.handle(.hold(actor: "user:ann", reason: "audit"), at: start)
        #expect(machine.handle(.produced(version: "2"), at: start).deeds == [])
        #expect(machine.handle(.begin, at: start) == [])
        #expect(machine.handle(.release(actor: "user:ann", reason: "done"), at: start).deeds == [rollout])
        var requested = TrainingLoopMachine.inPhase("requested")
        _ = requested.handle(.hold(actor: "user:ann", reason: "audit"), at: start)
        #expect(requested.handle(.begin, at: start) == [])
        #expect(requested.handle(.release(actor: "user:ann", reason: "done"), at: start).deeds == [retrain])
    }
}
