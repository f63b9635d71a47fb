package import JSON

/// What a model version must pass before it may move on.
package struct Gate: Sendable, Hashable {
    package var checks: [Check]

    package init(checks: [Check]) { self.checks = checks }

    /// Every metric that a check names.
    package var metrics: [String] { Array(Set(checks.compactMap(\.metric))).sorted() }
    package var slices: [String] {
        Array(Set(checks.flatMap { if case .slices(let columns, _, _) = $0 { columns } else { [String]() } })).sorted()
    }
}

/// One condition.
package enum Check: Sendable, Hashable {
    /// At least `min`, at most `max`.
    case metric(String, min: Double?, max: Double?)
    /// Better than the champion on the same rows by at least `by`; passes when there is no champion.
    case betterThanChampion(String, by: Double)
    /// Between the best and the worst value of each column, the metric differs by at most `maxGap`.
    case slices([String], metric: String, maxGap: Double)
    /// 99 % of single predictions answer within so many milliseconds.
    case latencyP99(milliseconds: Double)

    package var metric: String? {
        switch self {
        case .metric(let name, _, _), .betterThanChampion(let name, _), .slices(_, let name, _): name
        case .latencyP99: nil
        }
    }

    /// One line, for reports.
    package var text: String {
        switch self {
        case .metric(let name, let min?, let max?): "\(min) <= \(name) <= \(max)"
        case .metric(let name, let min?, nil): "\(name) >= \(min)"
        case .metric(let name, nil, let max?): "\(name) <= \(max)"
        case .metric(let name, nil, nil): "\(name) exists"
        case .betterThanChampion(let name, let by): "\(name) better than champion by \(by)"
        case .slices(let columns, let metric, let gap): "\(metric) gap over \(columns.joined(separator: ", ")) <= \(gap)"
        case .latencyP99(let milliseconds): "latency p99 <= \(milliseconds) ms"
        }
    }
}

/// Which rows a version is judged on.
package struct EvaluationData: Sendable, Hashable {
    package var dataset: String
    package var version: String
    /// `holdout`, `train` or `all`.
    package var part: String

    package init(dataset: String, version: String, part: String = "holdout") {
        self.dataset = dataset
        self.version = version
        self.part = part
    }

    package var json: JSONObject { ["dataset": .string(dataset), "version": .string(version), "part": .string(part)] }
}

/// What a version did on some rows.
package struct Evaluation: Sendable, Hashable {
    package var rows: Int
    package var metrics: [String: Double]
    package var slices: [Slice]
    /// Of single-row predictions; nil when not measured.
    package var latencyP99Milliseconds: Double?

    /// The rows with one value in one column.
    package struct Slice: Sendable, Hashable {
        package var column: String
        package var value: String
        package var rows: Int
        package var metrics: [String: Double]

        package init(column: String, value: String, rows: Int, metrics: [String: Double]) {
            self.column = column
            self.value = value
            self.rows = rows
            self.metrics = metrics
        }
    }

    package init(rows: Int, metrics: [String: Double], slices: [Slice] = [], latencyP99Milliseconds: Double? = nil) {
        self.rows = rows
        self.metrics = metrics
        self.slices = slices
        self.latencyP99Milliseconds = latencyP99Milliseconds
    }

    package var json: JSONObject {
        var values = JSONObject()
        for (name, value) in metrics.sorted(by: { $0.key < $1.key }) { values[name] = .double(value) }
        return ["rows": .int(Int64(rows)), "metrics": .object(values), "latency_p99_ms": JSONValue(latencyP99Milliseconds)]
    }
}

/// Runs a version over evaluation rows. The composition root joins model runtimes with datasets.
package protocol ModelEvaluator: Sendable {
    /// The metrics asked for (those that make no sense for the model are left out), and the same metrics on each value of each slice
    /// column.
    func evaluate(
        _ version: ModelVersionRef, on data: EvaluationData, metrics: [String], slices: [String]
    ) async throws -> Evaluation
}
