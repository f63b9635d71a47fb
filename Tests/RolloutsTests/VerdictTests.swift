import Rollouts
import Testing

struct VerdictTests {
    private func judge(_ evidence: Evidence, plan: RolloutPlan = RolloutPlan(), percent: Int = 10, isLastStep: Bool = false) -> Verdict {
        Verdict.judge(evidence, plan: plan, percent: percent, isLastStep: isLastStep)
    }

    // MARK: Single looks

    @Test func `without labels there is no verdict and no difference`() {
        let verdict = judge(Evidence(champion: arm(900, labelled: 0), candidate: arm(100, labelled: 0)))
        #expect(verdict.outcome == .undecided("0 of 300 labels in the smaller arm"))
        #expect(verdict.difference == nil && verdict.differenceAtLeast == nil && verdict.differenceAtMost == nil)
        #expect(judge(Evidence()).outcome.word == "undecided")
    }

    @Test func `the smaller arm must have its labels`() {
        #expect(judge(evidence(2_990)).outcome == .undecided("299 of 300 labels in the smaller arm"))
        #expect(judge(evidence(3_000)).outcome.word == "pass")
    }

    @Test func `a step below the last passes without harm, the last one only with proof`() {
        let equal = evidence(4_000, percent: 50)
        #expect(judge(equal, percent: 50).outcome.word == "pass")
        #expect(judge(equal, percent: 50, isLastStep: true).outcome.word == "undecided")
        #expect(judge(evidence(100_000, percent: 50), percent: 50, isLastStep: true).outcome.word == "pass")
    }

    @Test func `an estimate below the margin keeps a step waiting`() {
        let verdict = judge(evidence(4_000, percent: 50, candidateCorrect: 0.785), percent: 50)
        #expect(verdict.outcome.why.hasSuffix("below the margin, not proven worse"))
    }

    @Test func `the difference lies between its bounds`() throws {
        let verdict = judge(evidence(20_000, candidateCorrect: 0.82))
        let difference = try #require(verdict.difference)
        #expect(abs(difference - 0.02) < 1e-12)
        #expect(try #require(verdict.differenceAtLeast) < difference)
        #expect(difference < (try #require(verdict.differenceAtMost)))
    }

    @Test func `harm says how much worse over how many labels`() {
        #expect(
            judge(evidence(10_000, candidateCorrect: 0.6)).outcome.why.hasPrefix(
                "accuracy is worse: 60.0 % against 80.0 % of the champion, over 1000 and 9000 labels (at most -"))
    }

    @Test func `failing and slow answers are harm, unless their guard is off`() {
        let failing = Evidence(champion: arm(4_500, errors: 45), candidate: arm(500, errors: 50))
        #expect(judge(failing).outcome == .harm("more answers fail: 50 of 500 against 45 of 4500"))
        #expect(judge(failing, plan: RolloutPlan(guards: [.latencyP99])).outcome.word == "pass")
        let slow = Evidence(champion: arm(4_500, slow: 45), candidate: arm(500, slow: 200))
        #expect(judge(slow).outcome.why.hasPrefix("answers are slower: 200 of 500 beyond the champion's p99"))
        #expect(judge(slow, plan: RolloutPlan(guards: [.errorRate])).outcome.word == "pass")
        // A version may answer a little slower: less than a tenth of its answers beyond the champion's p99.
        #expect(judge(Evidence(champion: arm(45_000, slow: 450), candidate: arm(5_000, slow: 450))).outcome.word == "pass")
    }

    @Test func `a sample-ratio mismatch blocks a pass`() {
        let skewed = Evidence(champion: arm(9_500), candidate: arm(500))
        #expect(
            judge(skewed).outcome == .sampleRatioMismatch("the traffic is not split as planned: 500 of 10000 rows at 10 %"))
        #expect(judge(skewed, percent: 5).outcome.word == "pass")
    }

    @Test func `counts of two steps must not be pooled: it would turn harm into a pass`() {
        // The population of the second step is easier and gets more of the candidate: Simpson's paradox.
        let hard = Evidence(champion: arm(9_000, correct: 4_500), candidate: arm(1_000, correct: 450))
        let easy = Evidence(champion: arm(5_000, correct: 4_500), candidate: arm(5_000, correct: 4_250))
        let pooled = Evidence(champion: arm(14_000, correct: 9_000), candidate: arm(6_000, correct: 4_700))
        #expect(judge(easy, percent: 50, isLastStep: true).outcome.word == "harm")
        #expect(judge(pooled, percent: 30, isLastStep: true).outcome.word == "pass")
        var machine = RolloutMachine.canary()
        #expect(machine.handle(.evidence(evidence(9_000)), at: at(1)).deeds == [.split(percent: 50)])
        _ = machine.handle(.splitDone, at: at(2))
        #expect(machine.rollout.evidence == Evidence())
        #expect(machine.handle(.evidence(hard), at: at(3)).kinds == ["rollout.paused"])
        #expect(machine.handle(.evidence(easy), at: at(4)).kinds == ["rollout.harm_detected"])
    }

    // MARK: Whole canaries, seeded

    @Test func `an equally good version is rolled back less often than alpha, over all looks, steps and guards`() async {
        let runs = await CanaryRun.runs(300, candidate: .init())
        // Measured over 1,500 seeds: 0.5 %, of the 5 % allowed.
        #expect(runs.share(.rollingBack) <= 0.02)
        #expect(runs.map(\.looks).max() == 60)
    }

    @Test func `an equally good version is promoted in the end`() async {
        let runs = await CanaryRun.runs(60, candidate: .init(), looksMax: 250)
        #expect(runs.share(.promoting) >= 0.95)
        #expect(runs.meanLabels(.promoting) < 25_000)
    }

    @Test func `a version worse by exactly the margin is promoted less often than alpha`() async {
        let runs = await CanaryRun.runs(200, candidate: .init(accuracy: 0.78))
        #expect(runs.share(.promoting) <= 0.05)
    }

    /// Decided by: accuracy, errors or slowness; how often; within how many labels of both arms on average.
    @Test(arguments: [
        (CanaryRun.Version(accuracy: 0.85), Rollout.State.promoting, 0.97, 7_000.0), (.init(accuracy: 0.7), .rollingBack, 0.97, 5_000),
        (.init(accuracy: 0.5), .rollingBack, 0.97, 1_200), (.init(errorRate: 0.05), .rollingBack, 0.95, 6_000),
        (.init(slowRate: 0.3), .rollingBack, 0.97, 2_000),
    ])
    func `what is plainly better or worse is decided soon`(
        version: CanaryRun.Version, end: Rollout.State, share: Double, labels: Double
    ) async {
        let runs = await CanaryRun.runs(80, candidate: version, plan: RolloutPlan())
        #expect(runs.share(end) >= share)
        #expect(runs.meanLabels(end) <= labels)
    }
}
