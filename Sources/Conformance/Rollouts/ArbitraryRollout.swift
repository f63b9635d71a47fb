import Clockwork
package import Rollouts

extension Rollout {
    /// Any rollout at all, drawn from a seed: every member may have every value.
    package static func arbitrary(_ random: SeededRandom, id: String = "r1", endpoint: String = "employment") -> Rollout {
        func count() -> Int64 { Int64(random.below(100_000)) }
        func arm() -> ArmEvidence {
            ArmEvidence(requests: count(), errors: count(), slow: count(), labelled: count(), correct: count())
        }
        func share() -> Double? { random.chance(0.3) ? nil : random.chance(0.2) ? 1 : 2 * random.uniform() - 1 }
        let plan = RolloutPlan(
            steps: random.chance(0.2) ? [100] : [random.within(1...20), random.within(21...99), 100], labelsMin: random.below(1_000),
            margin: random.uniform(), alpha: random.uniform() / 2,
            guards: Set(RolloutPlan.Guard.allCases.filter { _ in random.chance(0.5) }),
            bakeRequests: random.below(5_000), patience: .microseconds(Int64(random.below(1 << 40))))
        var rollout = Rollout(
            id: id, endpoint: endpoint, model: random.text(), champion: "\(random.below(9))", candidate: random.text(), plan: plan,
            actor: random.text(), reason: random.text(), overridden: random.chance(0.5), at: random.moment())
        rollout.state = random.element(of: State.allCases)
        rollout.pause = random.element(of: [nil, .noTraffic, .sampleRatioMismatch, .person])
        rollout.step = random.below(3)
        rollout.stepStartedAt = random.moment()
        rollout.percent = random.within(0...100)
        rollout.isSplit = random.chance(0.5)
        rollout.evidence = Evidence(champion: arm(), candidate: arm())
        rollout.baseline = arm()
        let why = random.text()
        let outcomes: [Verdict.Outcome] = [.undecided(why), .pass(why), .harm(why), .sampleRatioMismatch(why)]
        rollout.verdict =
            random.chance(0.3)
            ? nil
            : Verdict(
                outcome: random.element(of: outcomes), difference: share(), differenceAtLeast: share(), differenceAtMost: share())
        rollout.history = (0..<random.below(5)).map { _ in
            Entry(time: random.moment(), state: random.element(of: State.allCases), percent: random.within(0...100), reason: random.text())
        }
        rollout.lastTrafficAt = random.moment()
        rollout.revision = Int64(random.below(1 << 50))
        return rollout
    }
}

extension SeededRandom {
    package func element<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }

    func moment() -> Timestamp { Timestamp(microseconds: Int64(below(1 << 52))) }

    /// A text that is unkind to whoever writes it down.
    func text() -> String {
        element(of: ["", "v2", "it's \"quoted\"", "back\\slash", "line\nbreak", "tab\tnul\u{0}bell\u{7}", "自働化 🚦", "null", "1.0"])
    }
}
