import Events
import JSON
import Rollouts

/// What only the simulation knows: how good each candidate really was while its rollout ran, held against what was decided.
struct RolloutTruth {
    private struct Advantage {
        var least: Double
        var greatest: Double
        var isSound: Bool
    }
    private var advantages: [String: Advantage] = [:]
    private var touched: Set<String> = []
    private var harmed: Set<String> = []
    private var proven: Set<String> = []
    private var labels: (promotion: Int, harm: Int) = (0, 0)

    /// People interfered: the decision was not the machine's.
    mutating func touched(_ rollout: String) { touched.insert(rollout) }

    mutating func observe(_ rollout: Rollout, _ serving: SimulatedServing, population: Double) {
        guard rollout.state == .canary || rollout.state == .paused, let champion = serving.version(rollout.champion),
            let candidate = serving.version(rollout.candidate)
        else { return }
        let advantage = candidate.accuracy(on: population) - champion.accuracy(on: population)
        let isSound = candidate.errorRate <= champion.errorRate && candidate.slowRate <= champion.slowRate
        let before = advantages[rollout.id] ?? Advantage(least: advantage, greatest: advantage, isSound: isSound)
        advantages[rollout.id] = Advantage(
            least: min(before.least, advantage), greatest: max(before.greatest, advantage), isSound: isSound)
    }

    mutating func take(_ draft: EventDraft) {
        guard draft.actor.hasPrefix("rollout:") else { return }
        let evidence = draft.payload["evidence"]
        let labelled = ["champion", "candidate"].map { Int(evidence?[$0]?["labelled"]?.intValue ?? 0) }.reduce(0, +)
        switch draft.kind {
        case "rollout.promoting":
            proven.insert(draft.subject.id)
            labels.promotion += labelled
        case "rollout.harm_detected":
            harmed.insert(draft.subject.id)
            labels.harm += labelled
        default: break
        }
    }

    func count(_ ended: [Rollout], into report: inout SimulationReport) {
        (report.promotions, report.labelsToPromotion) = (proven.count, labels.promotion)
        (report.harms, report.labelsToHarm) = (harmed.count, labels.harm)
        for rollout in ended where !touched.contains(rollout.id) && (proven.contains(rollout.id) || harmed.contains(rollout.id)) {
            guard let advantage = advantages[rollout.id] else { continue }
            if advantage.greatest <= -0.05 {
                report.bad += 1
                report.badPromoted += rollout.state == .done ? 1 : 0
            }
            if advantage.isSound, advantage.least >= 0, advantage.greatest <= 0.02 {
                report.notWorse += 1
                report.notWorseHarmed += harmed.contains(rollout.id) ? 1 : 0
            }
            if advantage.isSound, advantage.least >= 0.02 {
                report.better += 1
                report.betterPromoted += rollout.state == .done ? 1 : 0
            }
        }
    }
}
