package import JSON
import Statistics

/// What the evidence of a step says. Every statement holds however often one looked.
package struct Verdict: Sendable, Hashable {
    package enum Outcome: Sendable, Hashable {
        case undecided(String)
        case pass(String)
        case harm(String)
        case sampleRatioMismatch(String)

        package var why: String {
            switch self {
            case .undecided(let why), .pass(let why), .harm(let why), .sampleRatioMismatch(let why): why
            }
        }

        package var word: String {
            switch self {
            case .undecided: "undecided"
            case .pass: "pass"
            case .harm: "harm"
            case .sampleRatioMismatch: "sample_ratio_mismatch"
            }
        }
    }

    package var outcome: Outcome
    /// Candidate − champion in the goal (share of correct answers); nil while an arm has no labels.
    package var difference: Double?
    /// The candidate is at least this much better (below zero: at most this much worse), at level alpha.
    package var differenceAtLeast: Double?
    /// The candidate is at most this much better, at level alpha.
    package var differenceAtMost: Double?

    package init(outcome: Outcome, difference: Double?, differenceAtLeast: Double?, differenceAtMost: Double?) {
        self.outcome = outcome
        self.difference = difference
        self.differenceAtLeast = differenceAtLeast
        self.differenceAtMost = differenceAtMost
    }
}

extension Verdict {
    /// Judges one look at a canary step.
    ///
    /// `plan.alpha` is shared out evenly (Bonferroni) over the harm tests of all steps, so that a rollout of an equally good version is
    /// rolled back with at most that probability. Counts are those of the step alone: across steps the shares and the population differ,
    /// and pooled counts would compare apples with pears (Simpson's paradox).
    package static func judge(_ evidence: Evidence, plan: RolloutPlan, percent: Int, isLastStep: Bool) -> Verdict {
        let champion = evidence.champion
        let candidate = evidence.candidate
        let goal = ArmComparison(better: .higher, alpha: level(plan), tuningTrials: max(1, plan.labelsMin))
        let promotion = ArmComparison(better: .higher, alpha: plan.alpha, tuningTrials: max(1, 2 * plan.labelsMin))
        let harm = goal.harm(control: champion.goal, treatment: candidate.goal)
        let better = promotion.nonInferiority(control: champion.goal, treatment: candidate.goal, margin: plan.margin)
        func verdict(_ outcome: Outcome) -> Verdict {
            Verdict(
                outcome: outcome, difference: harm.advantage, differenceAtLeast: better.advantage.map { _ in better.bound },
                differenceAtMost: harm.advantage.map { _ in harm.bound })
        }
        if let guardHarm = guardHarm(champion, candidate, plan) { return verdict(.harm(guardHarm)) }
        if harm.isProven {
            return verdict(
                .harm(
                    "accuracy is worse: \(percentage(candidate.goal.rate)) against \(percentage(champion.goal.rate)) of the champion, over "
                        + "\(candidate.labelled) and \(champion.labelled) labels (at most \(points(harm.bound)))"))
        }
        if percent < 100, let mismatch = mismatch(champion, candidate, percent) { return verdict(.sampleRatioMismatch(mismatch)) }
        let fewest = min(champion.labelled, candidate.labelled)
        if fewest < Int64(plan.labelsMin) {
            return verdict(.undecided("\(fewest) of \(plan.labelsMin) labels in the smaller arm"))
        }
        if isLastStep {
            if better.isProven {
                return verdict(.pass("accuracy changes by at least \(points(better.bound)); the margin is \(points(-plan.margin))"))
            }
            return verdict(.undecided("at least \(points(better.bound)), needed is more than \(points(-plan.margin))"))
        }
        if let difference = harm.advantage, difference > -plan.margin {
            return verdict(.pass("no harm seen over \(candidate.labelled) labels, accuracy \(points(difference))"))
        }
        return verdict(.undecided("accuracy \(points(harm.advantage ?? 0)): below the margin, not proven worse"))
    }

    /// What speaks against the new champion while it bakes; nil when nothing does. The old champion's last step is the baseline.
    package static func bakingHarm(_ evidence: ArmEvidence, against baseline: ArmEvidence, plan: RolloutPlan) -> String? {
        guardHarm(baseline, evidence, plan)
    }

    /// The level of each single harm test.
    private static func level(_ plan: RolloutPlan) -> Double {
        min(0.49, plan.alpha / Double((1 + plan.guards.count) * max(1, plan.steps.count)))
    }

    private static func guardHarm(_ champion: ArmEvidence, _ candidate: ArmEvidence, _ plan: RolloutPlan) -> String? {
        let comparison = ArmComparison(better: .lower, alpha: level(plan), tuningTrials: max(1, plan.labelsMin))
        if plan.guards.contains(.errorRate) {
            let answer = comparison.harm(control: champion.failures, treatment: candidate.failures)
            if answer.isProven {
                return "more answers fail: \(candidate.errors) of \(candidate.requests) against \(champion.errors) of \(champion.requests)"
            }
        }
        if plan.guards.contains(.latencyP99) {
            // A version may answer a little slower without being sent back: a tenth of the answers beyond the champion's p99 is the limit.
            let answer = comparison.harm(control: champion.slowness, treatment: candidate.slowness, tolerance: 0.1)
            if answer.isProven {
                let rival = "against \(champion.slow) of \(champion.requests)"
                return "answers are slower: \(candidate.slow) of \(candidate.requests) beyond the champion's p99, \(rival)"
            }
        }
        return nil
    }

    private static func mismatch(_ champion: ArmEvidence, _ candidate: ArmEvidence, _ percent: Int) -> String? {
        let ratio = SampleRatio(shares: [Double(100 - percent) / 100, Double(percent) / 100])
        let units = [Int(champion.requests), Int(candidate.requests)]
        guard ratio.isMismatch(units: units) else { return nil }
        return
            "the traffic is not split as planned: \(candidate.requests) of \(champion.requests + candidate.requests) rows at \(percent) %"
    }

    private static func percentage(_ share: Double) -> String { "\((share * 1_000).rounded() / 10) %" }
    private static func points(_ difference: Double) -> String {
        "\(difference < 0 ? "" : "+")\((difference * 1_000).rounded() / 10) points"
    }
}

extension ArmEvidence {
    fileprivate var goal: ArmCounts { ArmCounts(trials: Int(labelled), successes: Int(min(correct, labelled))) }
    fileprivate var failures: ArmCounts { ArmCounts(trials: Int(requests), successes: Int(min(errors, requests))) }
    fileprivate var slowness: ArmCounts { ArmCounts(trials: Int(requests), successes: Int(min(slow, requests))) }
}

extension Verdict {
    package var json: JSONValue {
        [
            "outcome": .string(outcome.word), "why": .string(outcome.why), "difference": JSONValue(difference),
            "difference_at_least": JSONValue(differenceAtLeast), "difference_at_most": JSONValue(differenceAtMost),
        ]
    }

    package init?(json: JSONValue) {
        let why = json["why"]?.stringValue ?? ""
        let outcome: Outcome
        switch json["outcome"]?.stringValue {
        case "undecided": outcome = .undecided(why)
        case "pass": outcome = .pass(why)
        case "harm": outcome = .harm(why)
        case "sample_ratio_mismatch": outcome = .sampleRatioMismatch(why)
        default: return nil
        }
        self.init(
            outcome: outcome, difference: json["difference"]?.doubleValue, differenceAtLeast: json["difference_at_least"]?.doubleValue,
            differenceAtMost: json["difference_at_most"]?.doubleValue)
    }
}
