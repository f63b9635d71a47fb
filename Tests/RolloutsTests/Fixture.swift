import Clockwork
import Events
import Rollouts

let start = Timestamp(microseconds: 1_767_225_600_000_000)

/// `seconds` after the rollout began.
func at(_ seconds: Int) -> Timestamp { start + .seconds(seconds) }

func arm(_ requests: Int64, errors: Int64 = 0, slow: Int64 = 0, labelled: Int64? = nil, correct: Int64? = nil) -> ArmEvidence {
    let labelled = labelled ?? requests
    return ArmEvidence(requests: requests, errors: errors, slow: slow, labelled: labelled, correct: correct ?? labelled * 8 / 10)
}

/// Both arms with their shares of `requests` at 10 %, unless told otherwise.
func evidence(_ requests: Int64, percent: Int64 = 10, candidateCorrect: Double = 0.8, labelled: Double = 1) -> Evidence {
    let (candidate, champion) = (requests * percent / 100, requests - requests * percent / 100)
    func labels(_ count: Int64) -> Int64 { Int64(Double(count) * labelled) }
    return Evidence(
        champion: arm(champion, labelled: labels(champion)),
        candidate: arm(candidate, labelled: labels(candidate), correct: Int64(Double(labels(candidate)) * candidateCorrect)))
}

extension RolloutMachine {
    /// A machine of version 2 against version 1.
    static func planned(_ plan: RolloutPlan = RolloutPlan()) -> RolloutMachine {
        RolloutMachine(
            Rollout(
                id: "r1", endpoint: "employment", model: "employment", champion: "1", candidate: "2", plan: plan, actor: "user:ann",
                reason: "new data", overridden: false, at: start))
    }

    /// Its first split in force since second 0.
    static func canary(_ plan: RolloutPlan = RolloutPlan()) -> RolloutMachine {
        var machine = planned(plan)
        _ = machine.handle(.begin, at: start)
        _ = machine.handle(.splitDone, at: start)
        return machine
    }

    /// In any state, by the way that leads there.
    static func inState(_ state: Rollout.State) -> RolloutMachine {
        var machine = canary()
        let person = ("user:ann", "reason")
        let way: [RolloutMachine.Input] =
            switch state {
            case .planned, .canary: []
            case .paused: [.pause(actor: person.0, reason: person.1)]
            case .promoting: [.promote(actor: person.0, reason: person.1)]
            case .baking: [.promote(actor: person.0, reason: person.1), .promotionDone]
            case .done: [.promote(actor: person.0, reason: person.1), .promotionDone, .evidence(Evidence(candidate: arm(200)))]
            case .rollingBack: [.rollBack(actor: person.0, reason: person.1)]
            case .rolledBack: [.rollBack(actor: person.0, reason: person.1), .rollbackDone]
            }
        if state == .planned { return planned() }
        for input in way { _ = machine.handle(input, at: at(1)) }
        return machine
    }
}

extension [RolloutMachine.Action] {
    var kinds: [String] { compactMap { if case .record(let event) = $0 { event.kind } else { nil } } }
    /// What is to be carried out, without the events.
    var deeds: [RolloutMachine.Action] { filter { if case .record = $0 { false } else { true } } }
}
