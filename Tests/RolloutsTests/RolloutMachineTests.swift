import Clockwork
import Events
import JSON
import Rollouts
import Testing

struct RolloutMachineTests {
    /// From each state by each input: to where, with which deed.
    struct Move: Sendable, CustomTestStringConvertible {
        var from: Rollout.State
        var name: String
        var input: RolloutMachine.Input
        var to: Rollout.State
        var deeds: [RolloutMachine.Action] = []
        var testDescription: String { "\(from.rawValue), \(name)" }
    }

    static let moves: [Move] = {
        let states: [Rollout.State] = Rollout.State.allCases
        var moves: [Move] = []
        func add(_ name: String, _ input: RolloutMachine.Input, _ moving: [Rollout.State: (Rollout.State, [RolloutMachine.Action])]) {
            for state in states {
                let (to, deeds) = moving[state] ?? (state, [])
                moves.append(Move(from: state, name: name, input: input, to: to, deeds: deeds))
            }
        }
        let split = [RolloutMachine.Action.split(percent: 10)]
        add(
            "begin", .begin,
            [
                .planned: (.canary, split), .canary: (.canary, split), .paused: (.paused, split), .promoting: (.promoting, [.promote]),
                .rollingBack: (.rollingBack, [.rollBack]),
            ])
        add("split done", .splitDone, [:])
        add("promotion done", .promotionDone, [.promoting: (.baking, [])])
        add("rollback done", .rollbackDone, [.rollingBack: (.rolledBack, [])])
        add("failed", .failed("no memory"), [.canary: (.rollingBack, [.rollBack]), .paused: (.rollingBack, [.rollBack])])
        add("pause", .pause(actor: "user:ann", reason: "wait"), [.canary: (.paused, [])])
        add("resume", .resume(actor: "user:ann", reason: "go"), [.paused: (.canary, [])])
        add(
            "promote", .promote(actor: "user:ann", reason: "now"),
            [.canary: (.promoting, [.promote]), .paused: (.promoting, [.promote])])
        let back = (Rollout.State.rollingBack, [RolloutMachine.Action.rollBack])
        add(
            "roll back", .rollBack(actor: "user:ann", reason: "no"),
            [.planned: back, .canary: back, .paused: back, .promoting: back, .baking: back])
        add("nothing seen yet", .evidence(Evidence()), [:])
        return moves
    }()

    @Test(arguments: moves)
    func `each input moves each state as the table says`(move: Move) {
        var machine = RolloutMachine.inState(move.from)
        #expect(machine.rollout.state == move.from)
        let before = machine.rollout
        let actions = machine.handle(move.input, at: at(2))
        #expect(machine.rollout.state == move.to)
        #expect(actions.deeds == move.deeds)
        #expect(machine.rollout.revision == before.revision + (machine.rollout == before ? 0 : 1))
        if move.to != move.from { #expect(machine.rollout.history.count == before.history.count + 1) }
    }

    @Test func `every change of state but those of begin and of a bake's start is told in one event with its reason`() {
        var machine = RolloutMachine.canary()
        #expect(machine.handle(.pause(actor: "user:ann", reason: "wait"), at: at(1)).kinds == ["rollout.paused"])
        #expect(machine.handle(.resume(actor: "user:ann", reason: "go"), at: at(2)).kinds == ["rollout.resumed"])
        #expect(machine.handle(.evidence(evidence(5_000)), at: at(3)).kinds == ["rollout.advanced"])
        _ = machine.handle(.splitDone, at: at(4))
        #expect(machine.handle(.evidence(evidence(4_000, percent: 50, candidateCorrect: 0.9)), at: at(5)).kinds == ["rollout.promoting"])
        #expect(machine.handle(.promotionDone, at: at(6)).kinds == ["rollout.promoted"])
        let actions = machine.handle(.rollBack(actor: "user:ann", reason: "no"), at: at(7))
        #expect(actions.kinds == ["rollout.rolling_back"])
        guard case .record(let event)? = actions.first else { return #expect(Bool(false), "no event") }
        #expect(event.actor == "user:ann")
        #expect(event.reason == "rolled back by user:ann: no")
        #expect(machine.handle(.rollbackDone, at: at(8)).kinds == ["rollout.rolled_back"])
        #expect(
            machine.rollout.history.map(\.state) == [
                .planned, .canary, .paused, .canary, .canary, .promoting, .baking, .rollingBack, .rolledBack,
            ])
    }

    @Test func `a good version goes 10, 50, 100 percent, bakes and is done`() {
        var machine = RolloutMachine.canary()
        #expect(machine.handle(.evidence(evidence(1_000)), at: at(1)) == [])
        #expect(machine.handle(.evidence(evidence(5_000)), at: at(2)).deeds == [.split(percent: 50)])
        #expect(machine.rollout.percent == 50)
        _ = machine.handle(.splitDone, at: at(3))
        #expect(machine.handle(.evidence(evidence(400, percent: 50)), at: at(4)) == [])
        #expect(machine.handle(.evidence(evidence(3_000, percent: 50, candidateCorrect: 0.88)), at: at(5)).deeds == [.promote])
        #expect(machine.handle(.promotionDone, at: at(6)).deeds == [])
        #expect(machine.rollout.percent == 100)
        #expect(machine.handle(.evidence(Evidence(candidate: arm(199))), at: at(7)) == [])
        #expect(machine.handle(.evidence(Evidence(candidate: arm(200))), at: at(8)).kinds == ["rollout.done"])
        #expect(machine.rollout.state == .done)
    }

    @Test func `the event of a step tells the evidence of the step that was passed`() {
        var machine = RolloutMachine.canary()
        let actions = machine.handle(.evidence(evidence(5_000)), at: at(2))
        guard case .record(let event)? = actions.last else { return #expect(Bool(false), "no event") }
        #expect(event.payload["evidence"]?["candidate"]?["labelled"]?.intValue == 500)
        #expect(event.payload["percent"]?.intValue == 10)
        #expect(event.payload["verdict"]?["outcome"]?.stringValue == "pass")
        #expect(machine.rollout.evidence == Evidence())
        #expect(machine.rollout.verdict == nil)
    }

    @Test func `a split is asked for until it is in force, and its rows count from then on`() {
        var machine = RolloutMachine.planned()
        #expect(machine.handle(.begin, at: at(0)).deeds == [.split(percent: 10)])
        // Its answer was lost: a look asks again instead of judging rows of another split.
        #expect(machine.handle(.evidence(evidence(50_000, candidateCorrect: 0.1)), at: at(50)).deeds == [.split(percent: 10)])
        #expect(machine.rollout.state == .canary)
        _ = machine.handle(.splitDone, at: at(90))
        #expect(machine.rollout.stepStartedAt == at(90))
        #expect(machine.handle(.evidence(evidence(50_000, candidateCorrect: 0.1)), at: at(91)).deeds == [.rollBack])
    }

    @Test func `a restart asks for the split again and keeps the evidence of the step`() {
        var machine = RolloutMachine.canary()
        _ = machine.handle(.evidence(evidence(2_000)), at: at(1))
        let before = machine.rollout
        #expect(machine.handle(.begin, at: at(100)).deeds == [.split(percent: 10)])
        #expect(machine.handle(.splitDone, at: at(101)) == [])
        #expect(machine.rollout.stepStartedAt == before.stepStartedAt)
        #expect(machine.rollout.evidence == before.evidence)
        // The time that the server was down is no lack of traffic.
        #expect(machine.handle(.evidence(evidence(2_000)), at: at(159)) == [])
        #expect(machine.handle(.evidence(evidence(2_000)), at: at(160)).kinds == ["rollout.paused"])
    }

    @Test func `no traffic pauses after the patience and resumes with the next answer`() {
        var machine = RolloutMachine.canary()
        _ = machine.handle(.evidence(evidence(100)), at: at(10))
        #expect(machine.handle(.evidence(evidence(100)), at: at(69)) == [])
        #expect(machine.handle(.evidence(evidence(100)), at: at(70)).kinds == ["rollout.paused"])
        #expect(machine.rollout.pause == .noTraffic)
        #expect(machine.handle(.evidence(evidence(100)), at: at(700)) == [])
        // Neither a restart nor time is traffic.
        _ = machine.handle(.begin, at: at(800))
        #expect(machine.handle(.evidence(evidence(100)), at: at(801)) == [])
        #expect(machine.rollout.state == .paused)
        #expect(machine.handle(.evidence(evidence(110)), at: at(900)).kinds == ["rollout.resumed"])
        #expect(machine.rollout.state == .canary)
    }

    @Test func `without any answer a rollout is paused, never passed and never failed`() {
        var machine = RolloutMachine.canary()
        for second in stride(from: 1, through: 3_600, by: 20) {
            #expect(machine.handle(.evidence(Evidence(champion: arm(Int64(second) * 10))), at: at(second)).deeds == [])
        }
        #expect(machine.rollout.state == .paused)
        #expect(machine.rollout.percent == 10)
    }

    @Test func `counts that fall back are neither traffic nor a verdict`() {
        var machine = RolloutMachine.canary()
        _ = machine.handle(.evidence(evidence(2_900)), at: at(10))
        // The counters began again: fewer answers than before.
        #expect(machine.handle(.evidence(evidence(200)), at: at(60)) == [])
        #expect(machine.handle(.evidence(evidence(200)), at: at(70)).kinds == ["rollout.paused"])
        #expect(machine.handle(.evidence(evidence(300)), at: at(80)).kinds == ["rollout.resumed"])
        #expect(machine.handle(.evidence(evidence(2_900)), at: at(81)) == [])
    }

    @Test func `a split that is not as planned pauses and blocks the verdict until it is`() {
        var machine = RolloutMachine.canary()
        let skewed = Evidence(champion: arm(9_800), candidate: arm(200 + 300))
        #expect(machine.handle(.evidence(skewed), at: at(1)).kinds == ["rollout.paused"])
        #expect(machine.rollout.pause == .sampleRatioMismatch)
        #expect(machine.handle(.evidence(Evidence(champion: arm(9_900), candidate: arm(510))), at: at(2)) == [])
        #expect(machine.handle(.evidence(evidence(30_000)), at: at(3)).kinds == ["rollout.resumed", "rollout.advanced"])
    }

    @Test func `a person's pause outlasts traffic, missing traffic and good evidence`() {
        var machine = RolloutMachine.canary()
        _ = machine.handle(.evidence(evidence(100)), at: at(1))
        _ = machine.handle(.evidence(evidence(100)), at: at(70))
        #expect(machine.rollout.pause == .noTraffic)
        #expect(machine.handle(.pause(actor: "user:ann", reason: "wait"), at: at(71)).kinds == ["rollout.paused"])
        #expect(machine.rollout.pause == .person)
        #expect(machine.handle(.pause(actor: "user:bob", reason: "wait"), at: at(72)) == [])
        for second in [80, 90, 2_000] { #expect(machine.handle(.evidence(evidence(Int64(second) * 100)), at: at(second)) == []) }
        #expect(machine.handle(.begin, at: at(2_001)).deeds == [.split(percent: 10)])
        #expect(machine.rollout.pause == .person)
        #expect(machine.handle(.resume(actor: "user:ann", reason: "go"), at: at(2_002)).kinds == ["rollout.resumed"])
        #expect(machine.handle(.evidence(evidence(200_100)), at: at(2_003)).deeds == [.split(percent: 50)])
    }

    @Test func `harm rolls back even while a person's pause holds, for the version still answers`() {
        var machine = RolloutMachine.inState(.paused)
        let actions = machine.handle(.evidence(evidence(20_000, candidateCorrect: 0.6)), at: at(9))
        #expect(actions.kinds == ["rollout.harm_detected"])
        #expect(actions.deeds == [.rollBack])
    }

    @Test func `a bake is held against the old champion's last step`() {
        var machine = RolloutMachine.canary(RolloutPlan(bakeRequests: 5_000))
        _ = machine.handle(.evidence(evidence(2_000)), at: at(1))
        _ = machine.handle(.promote(actor: "user:ann", reason: "now"), at: at(2))
        _ = machine.handle(.promotionDone, at: at(3))
        #expect(machine.rollout.baseline == arm(1_800))
        #expect(machine.handle(.evidence(Evidence(candidate: arm(400, errors: 1))), at: at(4)) == [])
        let actions = machine.handle(.evidence(Evidence(candidate: arm(800, errors: 80))), at: at(5))
        #expect(actions.kinds == ["rollout.harm_detected"])
        #expect(actions.deeds == [.rollBack])
        #expect(machine.handle(.rollbackDone, at: at(6)).kinds == ["rollout.rolled_back"])
    }

    @Test func `a bake without traffic goes on until it has its answers`() {
        var machine = RolloutMachine.inState(.baking)
        #expect(machine.handle(.evidence(Evidence(candidate: arm(10))), at: at(10_000)) == [])
        #expect(machine.rollout.state == .baking)
    }

    @Test func `a promotion or a rollback that failed is asked for again`() {
        for state in [Rollout.State.promoting, .rollingBack] {
            var machine = RolloutMachine.inState(state)
            #expect(machine.handle(.failed("the disk is full"), at: at(2)) == [])
            #expect(machine.handle(.begin, at: at(3)).deeds == [state == .promoting ? .promote : .rollBack])
        }
    }

    @Test func `a plan of 100 percent alone promotes without a canary`() {
        var machine = RolloutMachine.planned(RolloutPlan(steps: [100]))
        #expect(machine.handle(.begin, at: at(0)).deeds == [.promote])
        #expect(machine.rollout.state == .promoting)
    }

    @Test func `a plan without 100 percent promotes after its last step`() {
        var machine = RolloutMachine.canary(RolloutPlan(steps: [50]))
        #expect(machine.handle(.evidence(evidence(3_000, percent: 50, candidateCorrect: 0.9)), at: at(1)).deeds == [.promote])
    }

    @Test func `a long rollout keeps its beginning and the newest of its history`() {
        var machine = RolloutMachine.canary()
        for second in 1...300 {
            _ = machine.handle(.pause(actor: "user:ann", reason: "\(second)"), at: at(second))
            _ = machine.handle(.resume(actor: "user:ann", reason: "\(second)"), at: at(second))
        }
        #expect(machine.rollout.history.count == 200)
        #expect(machine.rollout.history.first?.state == .planned)
        #expect(machine.rollout.history.last?.reason == "resumed by user:ann: 300")
    }
}
