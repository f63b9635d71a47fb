import Foundation
import Testing

@testable import Statistics

struct SequentialTests {
    @Test func `the mixture agrees with its integral and the tuning with Lambert's W`() throws {
        for row in try Fixture.table("half_normal_mixture") {
            let ours = NormalMixture.oneSidedLogEvidence(ratio: row[0], z: row[1])
            #expect(agrees(ours, row[2], relative: 1e-10, zero: 1e-12), "\(row): \(ours)")
        }
        for row in try Fixture.table("best_ratio") { #expect(agrees(NormalMixture.bestRatio(alpha: row[0]), row[1], relative: 1e-10)) }
        let far = NormalMixture.oneSidedLogEvidence(ratio: 8, z: -40)
        #expect(far.isFinite && far < NormalMixture.oneSidedLogEvidence(ratio: 8, z: -20))
    }

    @Test func `the sequence holds the estimate and narrows with trials`() throws {
        var last = 2.0
        for scale in [1, 4, 16, 64, 256] {
            let sequence = differenceSequence(
                control: ArmCounts(trials: 900 * scale, successes: 90 * scale),
                treatment: ArmCounts(trials: 100 * scale, successes: 12 * scale),
                alpha: 0.05, tuningTrials: 1_000)
            let estimate = try #require(sequence.estimate)
            #expect(agrees(estimate, 0.02) && sequence.contains(estimate))
            #expect(sequence.upper - sequence.lower < last)
            last = sequence.upper - sequence.lower
        }
        #expect(last < 0.02)
    }

    @Test func `no traffic in an arm proves nothing`() {
        let none = ArmCounts(trials: 0, successes: 0)
        let some = ArmCounts(trials: 5_000, successes: 100)
        let sequence = differenceSequence(control: some, treatment: none, alpha: 0.05, tuningTrials: 500)
        #expect(sequence == ConfidenceSequence(lower: -1, upper: 1, estimate: nil))
        let comparison = ArmComparison(better: .lower, tuningTrials: 500)
        for answer in [
            comparison.harm(control: some, treatment: none), comparison.nonInferiority(control: none, treatment: some, margin: 0.5),
            comparison.harm(control: RunningMoments([1, 2]), treatment: RunningMoments([9, 9])),
        ] {
            #expect(!answer.isProven && answer.advantage == nil && answer.alwaysValidP == 1)
        }
    }

    @Test func `harm and non-inferiority answer two questions`() {
        let errors = ArmComparison(better: .lower, tuningTrials: 1_000)
        let control = ArmCounts(trials: 90_000, successes: 900)
        let bad = errors.harm(control: control, treatment: ArmCounts(trials: 10_000, successes: 250))
        #expect(bad.isProven && bad.bound < 0 && bad.alwaysValidP < 0.001)
        let same = ArmCounts(trials: 10_000, successes: 100)
        #expect(!errors.harm(control: control, treatment: same).isProven)
        #expect(errors.nonInferiority(control: control, treatment: same, margin: 0.01).isProven)
        #expect(!errors.nonInferiority(control: control, treatment: same, margin: 0.001).isProven)
        let better = ArmCounts(trials: 10_000, successes: 20)
        let superior = errors.nonInferiority(control: control, treatment: better, margin: 0)
        #expect(superior.isProven && superior.bound > 0)
        // The direction turns the sign and nothing else.
        let conversions = ArmComparison(better: .higher, tuningTrials: 1_000)
        #expect(conversions.nonInferiority(control: control, treatment: ArmCounts(trials: 10_000, successes: 250), margin: 0).isProven)
    }

    @Test func `proof and bound say the same`() {
        let comparison = ArmComparison(better: .higher, tuningTrials: 400)
        for successes in stride(from: 100, through: 400, by: 10) {
            let control = ArmCounts(trials: 3_600, successes: 1_800)
            let treatment = ArmCounts(trials: 400, successes: min(successes, 400))
            let harm = comparison.harm(control: control, treatment: treatment)
            #expect(harm.isProven == (harm.bound < 0), "\(successes)")
            let fine = comparison.nonInferiority(control: control, treatment: treatment, margin: 0.05)
            #expect(fine.isProven == (fine.bound > -0.05), "\(successes)")
        }
    }

    @Test func `slow requests are counted against a threshold`() {
        let arm = ArmCounts(counting: [1, 5, 9, 9.5], above: 9)
        #expect(arm == ArmCounts(trials: 4, successes: 1))
    }

    @Test func `the sample-ratio evidence is the beta-binomial likelihood ratio`() throws {
        for row in try Fixture.table("sample_ratio") {
            let test = SampleRatio(shares: [1 - row[2], row[2]], concentration: row[3])
            #expect(agrees(test.logEvidence(units: [Int(row[0]), Int(row[1])]), row[4], relative: 1e-7, zero: 1e-8), "\(row)")
        }
    }

    @Test func `a sample-ratio mismatch blocks and the planned ratio does not`() {
        let plan = SampleRatio(shares: [0.9, 0.1])
        #expect(!plan.isMismatch(units: [0, 0]) && !plan.isMismatch(units: [9_010, 990]))
        #expect(plan.isMismatch(units: [17_800, 2_200]))
        #expect(SampleRatio(shares: [1, 1]).isMismatch(units: [700, 300]))
        #expect(SampleRatio(shares: [2, 1, 1]).isMismatch(units: [5_000, 2_500, 3_000]))
    }
}

/// A/A and A/B runs with a look after every batch; seeded.
struct SequentialSimulation {
    struct Setting: Sendable, CustomTestStringConvertible {
        var rate: Double
        var control: Int
        var treatment: Int
        var testDescription: String { "rate \(rate), batches \(control):\(treatment)" }
    }

    struct Tally {
        var harm = 0
        var gain = 0
        var outside = 0
        var trialsToHarm: [Int] = []
    }

    private func run(
        _ setting: Setting, treatmentRate: Double, runs: Int, looks: Int = 40, margin: Double = 0, seed: UInt64, sequences: Bool = false
    ) -> Tally {
        var draws = Draws(seed: seed)
        let controlTable = CountTable.binomial(setting.control, setting.rate)
        let treatmentTable = CountTable.binomial(setting.treatment, treatmentRate)
        let effective = setting.control * setting.treatment / (setting.control + setting.treatment)
        let tuning = max(1, effective * looks / 2)
        let comparison = ArmComparison(better: .higher, tuningTrials: tuning)
        var tally = Tally()
        for _ in 0..<runs {
            var control = ArmCounts(trials: 0, successes: 0)
            var treatment = control
            var (harm, gain, outside) = (false, false, false)
            for _ in 0..<looks {
                control.add(ArmCounts(trials: setting.control, successes: controlTable.draw(&draws)))
                treatment.add(ArmCounts(trials: setting.treatment, successes: treatmentTable.draw(&draws)))
                if !harm, comparison.harmEvidence(control: control, treatment: treatment) >= comparison.proofLevel {
                    harm = true
                    tally.trialsToHarm.append(treatment.trials)
                }
                gain =
                    gain
                    || comparison.nonInferiorityEvidence(control: control, treatment: treatment, margin: margin) >= comparison.proofLevel
                if sequences {
                    let sequence = differenceSequence(control: control, treatment: treatment, alpha: 0.05, tuningTrials: tuning)
                    outside = outside || !sequence.contains(treatmentRate - setting.rate)
                }
            }
            tally.harm += harm ? 1 : 0
            tally.gain += gain ? 1 : 0
            tally.outside += outside ? 1 : 0
        }
        return tally
    }

    @Test func `2,000 canary A/A runs with 40 looks stop wrongly in at most 5 percent`() {
        let tally = run(Setting(rate: 0.05, control: 900, treatment: 100), treatmentRate: 0.05, runs: 2_000, seed: 1)
        #expect(tally.harm <= 100, "\(tally.harm) of 2,000")
        #expect(tally.gain <= 100, "\(tally.gain) of 2,000")
    }

    @Test(arguments: [
        Setting(rate: 0.001, control: 900, treatment: 100), Setting(rate: 0.01, control: 180, treatment: 20),
        Setting(rate: 0.01, control: 990, treatment: 10), Setting(rate: 0.05, control: 45, treatment: 5),
        Setting(rate: 0.5, control: 50, treatment: 50), Setting(rate: 0.5, control: 99, treatment: 1),
        Setting(rate: 0.95, control: 45, treatment: 5), Setting(rate: 0.99, control: 180, treatment: 20),
        Setting(rate: 0.999, control: 500, treatment: 500),
    ])
    func `A/A runs keep the level at any rate and split`(setting: Setting) {
        let tally = run(setting, treatmentRate: setting.rate, runs: 300, seed: 2)
        #expect(tally.harm <= 15, "\(tally.harm) of 300")
        #expect(tally.gain <= 15, "\(tally.gain) of 300")
    }

    @Test func `the confidence sequence covers the truth at every look`() {
        let tally = run(Setting(rate: 0.1, control: 90, treatment: 10), treatmentRate: 0.2, runs: 60, looks: 20, seed: 3, sequences: true)
        #expect(tally.outside <= 3, "\(tally.outside) of 60")
    }

    @Test func `a treatment exactly at the margin is promoted in at most 5 percent`() {
        let tally = run(Setting(rate: 0.9, control: 450, treatment: 50), treatmentRate: 0.88, runs: 600, margin: 0.02, seed: 4)
        #expect(tally.gain <= 30, "\(tally.gain) of 600")
    }

    @Test func `harm of three points is found in nearly every run and early`() {
        let tally = run(Setting(rate: 0.9, control: 900, treatment: 100), treatmentRate: 0.85, runs: 200, seed: 5)
        #expect(tally.harm >= 190, "\(tally.harm) of 200")
        let median = tally.trialsToHarm.sorted()[tally.trialsToHarm.count / 2]
        #expect(median <= 1_500, "median \(median) canary trials")
        let small = run(Setting(rate: 0.01, control: 900, treatment: 100), treatmentRate: 0.03, runs: 200, seed: 6)
        #expect(small.gain >= 190, "\(small.gain) of 200")
    }

    @Test func `a sample ratio is blocked wrongly no more often than promised`() {
        var draws = Draws(seed: 9)
        let plan = SampleRatio(shares: [0.9, 0.1])
        let table = CountTable.binomial(250, 0.1)
        var wrong = 0
        for _ in 0..<1_000 {
            var units = [0, 0]
            var least = 1.0
            for _ in 0..<40 {
                let drawn = table.draw(&draws)
                units = [units[0] + 250 - drawn, units[1] + drawn]
                least = min(least, plan.pValue(units: units))
            }
            wrong += least < 0.05 ? 1 : 0
        }
        #expect(wrong <= 50, "\(wrong) of 1,000 below 0.05")
    }

    @Test func `means of skewed latencies keep the level and find a 20 percent shift`() {
        var draws = Draws(seed: 10)
        let comparison = ArmComparison(better: .lower, tuningTrials: 400)
        func stops(factor: Double, runs: Int) -> Int {
            var count = 0
            for _ in 0..<runs {
                var (control, treatment) = (RunningMoments(), RunningMoments())
                var stopped = false
                for _ in 0..<40 where !stopped {
                    for _ in 0..<25 { control.add(10 + 10 * draws.exponential()) }
                    for _ in 0..<25 { treatment.add(factor * (10 + 10 * draws.exponential())) }
                    stopped = comparison.harm(control: control, treatment: treatment).isProven
                }
                count += stopped ? 1 : 0
            }
            return count
        }
        #expect(stops(factor: 1, runs: 100) <= 5)
        #expect(stops(factor: 1.2, runs: 20) == 20)
    }
}
