import Clockwork
import Errors
import JSON
import Tracking

/// One row of a table of runs: the cells that hold something, by column.
struct RunRow {
    /// For messages: `line 3` or `record 2`.
    let place: String
    let shown: String
    let cells: [(key: String, value: JSONValue)]
    private let byKey: [String: JSONValue]

    static let columns = [
        "run_id", "run_name", "experiment", "experiment_name", "experiment_id", "status", "start_time", "end_time", "artifact_uri",
        "user_id",
        "lifecycle_stage",
    ]
    static let families = ["params.", "metrics.", "tags."]

    static func isKnown(_ key: String) -> Bool { columns.contains(key) || families.contains { key.hasPrefix($0) && key != $0 } }

    init(place: String, shown: String, cells: [(key: String, value: JSONValue)]) {
        self.place = place
        self.shown = shown
        self.cells = cells.filter { $0.value != .null && $0.value != "" }
        byKey = Dictionary(self.cells.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    func failure(_ column: String, _ what: String, hint: String) -> JidokaError {
        .invalidArgument("`\(shown)` \(place), column `\(column)`: \(what)", hint: hint)
    }

    func text(_ column: String) throws -> String? { try byKey[column].map { try RunRow.text($0, or: { failure(column, $0, hint: $1) }) } }

    /// As MLflow writes a param: Python's `str`.
    private static func text(_ value: JSONValue, or failure: (String, String) -> JidokaError) throws -> String {
        switch value {
        case .string(let text): return text
        case .bool(let flag): return flag ? "True" : "False"
        case .int(let number): return String(number)
        case .double(let number): return "\(number)"
        case .null: return ""
        case .array, .object: throw failure("a list or an object is no value", "write a text or a number")
        }
    }

    // MARK: The run

    /// With an empty id when the row gives none; its metrics are one point each, at the run's end (else its start), step 0.
    func run() throws -> SourceRun {
        let (start, end) = (try time("start_time"), try time("end_time"))
        if let start, let end, end < start { throw failure("end_time", "it lies before `start_time`", hint: "is one of them wrong?") }
        var tags = try pairs("tags.").map { Tag(key: $0.key, value: $0.value) }
        let named = try text("run_name") ?? tags.first { $0.key == ReservedTag.runName }?.value
        tags.removeAll { $0.key == ReservedTag.runName }
        let user = try text("user_id") ?? tags.first { $0.key == "mlflow.user" }?.value
        var run = Run(
            info: RunInfo(
                id: try id(), experimentID: "", name: named ?? "", userID: user ?? "", status: try status(), startTime: start ?? end ?? 0,
                endTime: end, artifactURI: try text("artifact_uri") ?? "", lifecycle: try lifecycle()))
        run.tags = tags
        run.params = try pairs("params.").map { Param(key: $0.key, value: $0.value) }
        let time = end ?? start ?? 0
        run.metrics = try cells.filter { $0.key.hasPrefix("metrics.") }.map { cell in
            guard let value = RunRow.number(cell.value) else {
                throw failure(cell.key, "`\(cell.value.stringValue ?? cell.value.text)` is no number", hint: "write 0.93, 1e-3, NaN or inf")
            }
            return Metric(key: String(cell.key.dropFirst("metrics.".count)), value: value, timestamp: time, step: 0)
        }
        return SourceRun(run: run, points: run.metrics)
    }

    /// What tells a run without an id from the others of the table.
    func identity(experiment: String, _ run: Run) -> String {
        let hasName = !run.info.name.isEmpty || run.info.startTime != 0
        let more = hasName ? [] : run.params.map { "\($0.key)=\($0.value)" }
        return Delivery.print([experiment, run.info.name, String(run.info.startTime)] + more)
    }

    private func pairs(_ family: String) throws -> [(key: String, value: String)] {
        try cells.filter { $0.key.hasPrefix(family) }.map { cell in
            (
                String(cell.key.dropFirst(family.count)),
                try RunRow.text(cell.value, or: { failure(cell.key, $0, hint: $1) })
            )
        }
    }

    private static func number(_ value: JSONValue) -> Double? {
        switch value {
        case .int, .double: value.doubleValue
        case .bool(let flag): flag ? 1 : 0
        case .string(let text): MetricLines.value(text)
        default: nil
        }
    }

    private func id() throws -> String {
        guard let id = try text("run_id") else { return "" }
        let isWord = id.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) || $0 == 0x5F || $0 == 0x2D }
        guard isWord, id.utf8.count <= 256, let first = id.utf8.first, first != 0x5F, first != 0x2D else {
            throw failure(
                "run_id", "`\(id.prefix(80))` is no id of a run",
                hint: "letters, digits, `_` and `-`; leave the column out to get ids from the names")
        }
        return id
    }

    private func status() throws -> RunStatus {
        guard let text = try text("status") else { return .finished }
        guard let status = RunStatus(rawValue: text.uppercased()) else {
            throw failure(
                "status", "`\(text)` is no status", hint: "one of \(RunStatus.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return status
    }

    private func lifecycle() throws -> Lifecycle {
        guard let text = try text("lifecycle_stage") else { return .active }
        guard let lifecycle = Lifecycle(rawValue: text) else {
            throw failure("lifecycle_stage", "`\(text)` is none", hint: "active or deleted")
        }
        return lifecycle
    }

    /// Milliseconds since 1970, from a number of them or a moment as RFC 3339 and pandas write it; without a zone it is UTC.
    private func time(_ column: String) throws -> Int64? {
        guard let value = byKey[column] else { return nil }
        let text = value.stringValue ?? ""
        let moment = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text + "Z")
        let number = value.intValue ?? Int64(text)
        guard let time = number ?? moment?.milliseconds, (0...253_402_300_799_999).contains(time) else {
            throw failure(
                column, "`\(value.stringValue ?? value.text)` is no moment",
                hint: "write milliseconds since 1970, or 2026-03-01 12:00:00.5+00:00")
        }
        return time
    }
}
