import Conformance
import Rollouts

/// A whole canary under simulated traffic: looks until it is decided or the rows are used up.
struct CanaryRun: Sendable {
    struct Version: Sendable {
        var accuracy = 0.8
        var errorRate = 0.01
        var slowRate = 0.01
    }

    /// `.promoting`, `.rollingBack`, or `.canary` when it is not decided.
    var end: Rollout.State
    /// Labels of both arms over all steps.
    var labels = 0
    var looks = 0

    init(seed: UInt64, champion: Version = Version(), candidate: Version, plan: RolloutPlan, rowsPerLook: Int, looksMax: Int) {
        let random = SeededRandom(seed: seed)
        var machine = RolloutMachine.canary(plan)
        var seen = Evidence()
        func answer(_ arm: inout ArmEvidence, _ version: Version, _ rows: Int) {
            let errors = random.binomial(rows, version.errorRate)
            arm.requests += Int64(rows)
            arm.errors += Int64(errors)
            arm.slow += Int64(random.binomial(rows - errors, version.slowRate))
            arm.labelled += Int64(rows - errors)
            arm.correct += Int64(random.binomial(rows - errors, version.accuracy))
        }
        while looks < looksMax, machine.rollout.state == .canary {
            looks += 1
            let rows = random.binomial(rowsPerLook, Double(machine.rollout.percent) / 100)
            answer(&seen.candidate, candidate, rows)
            answer(&seen.champion, champion, rowsPerLook - rows)
            labels += rowsPerLook
            let actions = machine.handle(.evidence(seen), at: at(looks))
            if actions.deeds.contains(.split(percent: machine.rollout.percent)) {
                _ = machine.handle(.splitDone, at: at(looks))
                seen = Evidence()
            }
        }
        end = machine.rollout.state
    }

    /// Many, on all cores.
    static func runs(
        _ count: Int, candidate: Version, plan: RolloutPlan = RolloutPlan(margin: 0.02), rowsPerLook: Int = 400, looksMax: Int = 60
    ) async -> [CanaryRun] {
        await withTaskGroup(of: CanaryRun.self) { group in
            for seed in 0..<count {
                group.addTask {
                    CanaryRun(seed: UInt64(seed), candidate: candidate, plan: plan, rowsPerLook: rowsPerLook, looksMax: looksMax)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }
}

extension [CanaryRun] {
    /// Share that ended so.
    func share(_ end: Rollout.State) -> Double { Double(count { $0.end == end }) / Double(count) }
    /// Mean labels of those that ended so.
    func meanLabels(_ end: Rollout.State) -> Double {
        let ended = filter { $0.end == end }
        return Double(ended.map(\.labels).reduce(0, +)) / Double(ended.count)
    }
}
