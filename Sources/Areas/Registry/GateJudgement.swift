/// Judges evaluations by checks: pure, so that every verdict can be tested.
package enum GateJudgement {
    /// Slices with fewer rows say too little to be compared.
    package static let sliceRowsMin = 30
    /// Metrics of which less is better.
    private static let lossMetrics: Set<String> = [
        "log_loss", "brier", "brier_score", "mae", "mse", "rmse", "mape", "error_rate", "loss", "mean_absolute_error", "mean_squared_error",
        "root_mean_squared_error",
    ]
    /// Values that differ by less than rounding are equal.
    private static let tolerance = 1e-12

    package static func judge(_ gate: Gate, _ evaluation: Evaluation, champion: Evaluation?) -> [CheckResult] {
        gate.checks.map { judge($0, evaluation, champion) }
    }

    package static func judge(_ check: Check, _ evaluation: Evaluation, _ champion: Evaluation?) -> CheckResult {
        guard evaluation.rows > 0 else {
            return CheckResult(check: check.text, value: nil, limit: nil, verdict: .failed, detail: "there were no rows to judge on")
        }
        switch check {
        case .metric(let name, let min, let max): return range(check, name, min, max, evaluation)
        case .betterThanChampion(let name, let by): return better(check, name, by, evaluation, champion)
        case .slices(let columns, let metric, let gap): return slices(check, columns, metric, gap, evaluation)
        case .latencyP99(let milliseconds): return latency(check, milliseconds, evaluation)
        }
    }

    private static func missing(_ check: Check, _ name: String, limit: Double?) -> CheckResult {
        CheckResult(check: check.text, value: nil, limit: limit, verdict: .failed, detail: "the evaluation gave no `\(name)`")
    }

    private static func value(_ name: String, _ metrics: [String: Double]) -> Double? { metrics[name].flatMap { $0.isNaN ? nil : $0 } }

    private static func range(_ check: Check, _ name: String, _ min: Double?, _ max: Double?, _ evaluation: Evaluation) -> CheckResult {
        guard let value = value(name, evaluation.metrics) else { return missing(check, name, limit: min ?? max) }
        if let min, value < min - tolerance {
            return CheckResult(
                check: check.text, value: value, limit: min, verdict: .failed,
                detail: "`\(name)` is \(short(value)), below \(short(min)), on \(evaluation.rows) rows")
        }
        if let max, value > max + tolerance {
            return CheckResult(
                check: check.text, value: value, limit: max, verdict: .failed,
                detail: "`\(name)` is \(short(value)), above \(short(max)), on \(evaluation.rows) rows")
        }
        return CheckResult(
            check: check.text, value: value, limit: min ?? max, verdict: .passed,
            detail: "`\(name)` is \(short(value)) on \(evaluation.rows) rows")
    }

    private static func better(
        _ check: Check, _ name: String, _ by: Double, _ evaluation: Evaluation, _ champion: Evaluation?
    ) -> CheckResult {
        guard let mine = value(name, evaluation.metrics) else { return missing(check, name, limit: by) }
        guard let champion else {
            return CheckResult(
                check: check.text, value: mine, limit: by, verdict: .passed, detail: "there is no champion to compare with yet")
        }
        guard let theirs = value(name, champion.metrics) else { return missing(check, "\(name) of the champion", limit: by) }
        let gain = lossMetrics.contains(name) ? theirs - mine : mine - theirs
        let passed = gain >= by - tolerance
        let words = gain >= 0 ? "better by \(short(gain))" : "worse by \(short(-gain))"
        return CheckResult(
            check: check.text, value: mine, limit: by, championValue: theirs, verdict: passed ? .passed : .failed,
            detail: "`\(name)` is \(short(mine)), the champion's \(short(theirs)): \(words), wanted at least \(short(by))")
    }

    private static func slices(
        _ check: Check, _ columns: [String], _ metric: String, _ maxGap: Double, _ evaluation: Evaluation
    ) -> CheckResult {
        var worst: (gap: Double, column: String, low: Evaluation.Slice, high: Evaluation.Slice)?
        for column in columns {
            let usable = evaluation.slices.filter { $0.column == column && $0.rows >= sliceRowsMin && value(metric, $0.metrics) != nil }
            guard usable.count >= 2 else {
                let words = "column `\(column)` has fewer than two slices of at least \(sliceRowsMin) rows with `\(metric)`"
                return CheckResult(check: check.text, value: nil, limit: maxGap, verdict: .failed, detail: words)
            }
            let sorted = usable.sorted { (value(metric, $0.metrics) ?? 0) < (value(metric, $1.metrics) ?? 0) }
            let gap = (value(metric, sorted[sorted.count - 1].metrics) ?? 0) - (value(metric, sorted[0].metrics) ?? 0)
            if worst.map({ gap > $0.gap }) ?? true { worst = (gap, column, sorted[0], sorted[sorted.count - 1]) }
        }
        guard let worst else { return missing(check, metric, limit: maxGap) }
        let passed = worst.gap <= maxGap + tolerance
        return CheckResult(
            check: check.text, value: worst.gap, limit: maxGap, verdict: passed ? .passed : .failed,
            detail: "`\(metric)` differs by \(short(worst.gap)) between \(worst.column) = \(worst.low.value) and \(worst.column) = "
                + "\(worst.high.value), allowed \(short(maxGap))")
    }

    private static func latency(_ check: Check, _ limit: Double, _ evaluation: Evaluation) -> CheckResult {
        guard let p99 = evaluation.latencyP99Milliseconds, !p99.isNaN else { return missing(check, "latency", limit: limit) }
        return CheckResult(
            check: check.text, value: p99, limit: limit, verdict: p99 <= limit ? .passed : .failed,
            detail: "99 % of predictions answer within \(short(p99)) ms, allowed \(short(limit)) ms")
    }

    /// Four decimals.
    private static func short(_ value: Double) -> String {
        let rounded = (value * 10_000).rounded() / 10_000
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int64(rounded)) : rounded.description
    }
}
