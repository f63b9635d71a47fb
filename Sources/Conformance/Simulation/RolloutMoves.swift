import Clockwork
import Rollouts

/// Follows rollouts from look to look: only moves that the machine knows, history that only grows, final states that are final, no traffic
/// that means paused, and a person's pause that only a person ends.
struct RolloutMoves {
    private var known: [String: Rollout] = [:]
    /// When the candidate last answered; whether a look has taken that in, and when.
    private var arrival = Timestamp.zero
    private var isUnseen = false
    private var seen = Timestamp.zero
    /// When a restart set patience anew.
    private var disturbance = Timestamp.zero
    private var pausedNoTraffic = 0
    private var pausedMismatch = 0

    private static let allowed: [Rollout.State: Set<Rollout.State>] = [
        .planned: [.canary, .promoting, .rollingBack], .canary: [.canary, .paused, .promoting, .rollingBack],
        .paused: [.paused, .canary, .promoting, .rollingBack], .promoting: [.baking, .rollingBack], .baking: [.done, .rollingBack],
        .rollingBack: [.rolledBack], .done: [], .rolledBack: [],
    ]

    var open: [Rollout] { known.values.filter { !$0.state.isFinal }.sorted { $0.id < $1.id } }
    var ended: [Rollout] { known.values.filter(\.state.isFinal).sorted { $0.id < $1.id } }

    mutating func disturbed(at time: Timestamp) { disturbance = time }

    mutating func served(_ rows: [String: Int], at now: Timestamp) {
        guard open.contains(where: { (rows[$0.candidate] ?? 0) > 0 }) else { return }
        arrival = now
        isUnseen = true
    }

    mutating func check(_ rollouts: [Rollout], at now: Timestamp, isLook: Bool) throws {
        if isLook, isUnseen {
            seen = now
            isUnseen = false
        }
        for (id, _) in known where !rollouts.contains(where: { $0.id == id }) { throw BrokenInvariant(what: "rollout \(id) is gone") }
        for rollout in rollouts {
            if let before = known[rollout.id] {
                if before == rollout {
                    if isLook { try isPausedWithoutTraffic(rollout, now) }
                    continue
                }
                try BrokenInvariant.check(!before.state.isFinal, "rollout \(rollout.id) moved after it was \(before.state.rawValue)")
                try BrokenInvariant.check(rollout.revision > before.revision, "rollout \(rollout.id) changed without a new revision")
                try moved(from: before, to: rollout, now)
            } else {
                try moves(rollout, from: 0)
            }
            if isLook { try isPausedWithoutTraffic(rollout, now) }
            known[rollout.id] = rollout
        }
    }

    private mutating func moved(from before: Rollout, to rollout: Rollout, _ now: Timestamp) throws {
        let old = before.history
        try BrokenInvariant.check(Array(rollout.history.prefix(old.count)) == old, "the history of rollout \(rollout.id) was rewritten")
        try moves(rollout, from: old.count - 1)
        let added = rollout.history[old.count...]
        try BrokenInvariant.check(
            !added.isEmpty || !before.isSplit || rollout.stepStartedAt == before.stepStartedAt,
            "the test of rollout \(rollout.id) was begun afresh within a step")
        if before.pause == .person, let next = added.first, next.state == .canary || next.state == .promoting {
            try BrokenInvariant.check(
                next.reason.hasPrefix("resumed by") || next.reason.hasPrefix("promoted by"),
                "a person's pause ended by itself: \(next.reason)")
        }
        if before.pause == .noTraffic, let next = added.first, next.state == .canary, !next.reason.hasPrefix("resumed by") {
            try BrokenInvariant.check(arrival > old.last?.time ?? .zero, "resumed without traffic: \(next.reason)")
        }
        guard rollout.state == .paused, added.last?.state == .paused else { return }
        if rollout.pause == .sampleRatioMismatch { pausedMismatch += 1 }
        if rollout.pause == .noTraffic {
            pausedNoTraffic += 1
            let patience = rollout.plan.patience
            try BrokenInvariant.check(
                now - arrival >= patience || now - disturbance < patience * 2, "paused for want of traffic while traffic flows")
        }
    }

    private func moves(_ rollout: Rollout, from first: Int) throws {
        for (from, to) in zip(rollout.history[first...], rollout.history[first...].dropFirst()) {
            try BrokenInvariant.check(
                RolloutMoves.allowed[from.state]?.contains(to.state) ?? false,
                "rollout \(rollout.id) went from \(from.state.rawValue) to \(to.state.rawValue)")
        }
    }

    /// After a person's pause.
    func isHeldByPerson() throws {
        for rollout in open where rollout.state == .canary || rollout.state == .paused {
            try BrokenInvariant.check(rollout.pause == .person, "rollout \(rollout.id) goes on after a person paused it")
        }
    }

    /// Within patience and one look.
    private func isPausedWithoutTraffic(_ rollout: Rollout, _ now: Timestamp) throws {
        guard rollout.state == .canary || rollout.state == .paused else { return }
        try BrokenInvariant.check(rollout.isSplit, "rollout \(rollout.id) was looked at and its split is still not in force")
        guard rollout.state == .canary else { return }
        let last = max(seen, disturbance, rollout.stepStartedAt, rollout.history.last?.time ?? .zero)
        try BrokenInvariant.check(
            now - last <= rollout.plan.patience, "rollout \(rollout.id) had no traffic for \((now - last).seconds) s and is not paused")
    }

    func count(into report: inout SimulationReport) {
        report.rollouts = known.count
        report.promoted = known.values.count { $0.state == .done }
        report.rolledBack = known.values.count { $0.state == .rolledBack }
        report.pausedNoTraffic = pausedNoTraffic
        report.pausedMismatch = pausedMismatch
    }
}
