package import Clockwork
package import JSON

/// Whether a check, or all of a gate, was passed.
package enum GateVerdict: String, Sendable, CaseIterable {
    case passed, failed
}

/// What one check saw.
package struct CheckResult: Sendable, Hashable {
    package var check: String
    package var value: Double?
    package var limit: Double?
    package var championValue: Double?
    package var verdict: GateVerdict
    /// One sentence for people.
    package var detail: String

    package init(check: String, value: Double?, limit: Double?, championValue: Double? = nil, verdict: GateVerdict, detail: String) {
        self.check = check
        self.value = value
        self.limit = limit
        self.championValue = championValue
        self.verdict = verdict
        self.detail = detail
    }

    package var json: JSONObject {
        [
            "check": .string(check), "value": JSONValue(value), "limit": JSONValue(limit), "champion_value": JSONValue(championValue),
            "verdict": .string(verdict.rawValue), "detail": .string(detail),
        ]
    }
}

/// The outcome of a gate for one version.
package struct GateReport: Sendable, Hashable {
    package var id: String
    package var model: String
    package var version: Int
    /// The content identity that was judged.
    package var digest: String
    package var champion: Int?
    package var data: EvaluationData
    package var rows: Int
    package var verdict: GateVerdict
    package var checks: [CheckResult]
    /// What the evaluation measured, whether a check asked for it or not.
    package var metrics: [String: Double]
    package var time: Timestamp

    package init(
        id: String, model: String, version: Int, digest: String, champion: Int?, data: EvaluationData, rows: Int, verdict: GateVerdict,
        checks: [CheckResult], metrics: [String: Double] = [:], time: Timestamp
    ) {
        self.id = id
        self.model = model
        self.version = version
        self.digest = digest
        self.champion = champion
        self.data = data
        self.rows = rows
        self.verdict = verdict
        self.checks = checks
        self.metrics = metrics
        self.time = time
    }

    package var json: JSONObject {
        [
            "id": .string(id), "model": .string(model), "version": .int(Int64(version)), "digest": .string(digest),
            "champion": JSONValue(champion), "data": .object(data.json), "rows": .int(Int64(rows)), "verdict": .string(verdict.rawValue),
            "checks": .array(checks.map { .object($0.json) }),
            "metrics": .object(JSONObject(metrics.sorted { $0.key < $1.key }.map { (key: $0.key, value: .double($0.value)) })),
            "time": .string(time.rfc3339), "time_us": .int(time.microseconds),
        ]
    }

    /// nil when the object is not one that `json` wrote.
    package init?(json: JSONObject) {
        guard let id = json["id"]?.stringValue, let model = json["model"]?.stringValue, let version = json["version"]?.intValue,
            let data = json["data"]?.objectValue, let rows = json["rows"]?.intValue, let time = json["time_us"]?.intValue,
            let verdict = json["verdict"]?.stringValue.flatMap(GateVerdict.init), let checks = json["checks"]?.arrayValue
        else { return nil }
        self.init(
            id: id, model: model, version: Int(version), digest: json["digest"]?.stringValue ?? "",
            champion: json["champion"]?.intValue.map { Int($0) },
            data: EvaluationData(
                dataset: data["dataset"]?.stringValue ?? "", version: data["version"]?.stringValue ?? "",
                part: data["part"]?.stringValue ?? ""),
            rows: Int(rows), verdict: verdict, checks: checks.compactMap { $0.objectValue.flatMap(CheckResult.init) },
            metrics: (json["metrics"]?.objectValue ?? [:]).reduce(into: [:]) { $0[$1.key] = $1.value.doubleValue },
            time: Timestamp(microseconds: time))
    }

    /// The checks that failed, in words.
    package var failures: [String] { checks.filter { $0.verdict == .failed }.map(\.detail) }
}

extension CheckResult {
    package init?(json: JSONObject) {
        guard let check = json["check"]?.stringValue, let verdict = json["verdict"]?.stringValue.flatMap(GateVerdict.init) else {
            return nil
        }
        self.init(
            check: check, value: json["value"]?.doubleValue, limit: json["limit"]?.doubleValue,
            championValue: json["champion_value"]?.doubleValue, verdict: verdict, detail: json["detail"]?.stringValue ?? "")
    }
}
