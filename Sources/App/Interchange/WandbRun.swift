import JSON
import Tracking

/// One offline run of W&B, put together from its records.
struct WandbRun {
    private var run = WandbRecord.Run()
    private var config: [String: String] = [:]
    private var summary: [String: JSONValue] = [:]
    private var points: [Metric] = []
    private var logged: Set<String> = []
    private var tags: [Tag] = []
    private var exit: Int64?
    private var last: Int64 = 0
    private var samples: Int64 = 0
    /// Values that are no numbers: media, tables, histograms and texts. Files of media are artifacts.
    private(set) var skipped = 0

    init(_ records: [[UInt8]]) throws {
        for record in records { try take(try WandbRecord(record)) }
    }

    var project: String { run.project.isEmpty ? "uncategorized" : run.project }
    var id: String { run.id }
    var start: Int64 { run.start }

    private mutating func take(_ record: WandbRecord) throws {
        switch record {
        case .run(let found):
            run = found
            set(found.config)
        case .config(let items): set(items)
        case .history(let items, let step): log(items, step)
        case .summary(let items):
            for item in items where item.path.first != "_wandb" {
                flatten(item.path.joined(separator: "."), WandbRun.value(item.json)) { summary[$0] = $1 }
            }
        case .stats(let items, let time):
            last = max(last, time)
            for item in items {
                guard let number = WandbRun.number(WandbRun.value(item.json)) else { continue }
                points.append(
                    Metric(key: WandbRun.name("system/" + item.path.joined(separator: ".")), value: number, timestamp: time, step: samples))
            }
            samples += 1
        case .environment(let program, let commit, let remote, let user):
            for (key, value) in [
                ("mlflow.source.name", program), ("mlflow.source.git.commit", commit), ("mlflow.source.git.repoURL", remote),
                ("mlflow.user", user),
            ] where !value.isEmpty && !tags.contains(where: { $0.key == key }) { tags.append(Tag(key: key, value: value)) }
        case .exit(let code): exit = code
        case .other: break
        }
    }

    private mutating func set(_ items: [WandbRecord.Item]) {
        for item in items where item.path.first != "_wandb" {
            flatten(item.path.joined(separator: "."), WandbRun.value(item.json)) { config[$0] = $1.stringValue ?? $1.text }
        }
    }

    private mutating func log(_ items: [WandbRecord.Item], _ given: Int64) {
        var (step, time) = (given, last)
        var values: [(String, JSONValue)] = []
        for item in items {
            let value = WandbRun.value(item.json)
            switch item.path {
            case ["_step"]: step = WandbRun.number(value).flatMap { Int64(exactly: $0) } ?? step
            case ["_timestamp"]: time = WandbRun.number(value).flatMap { Int64(exactly: ($0 * 1_000).rounded()) } ?? time
            case ["_runtime"]: break
            default: flatten(item.path.joined(separator: "."), value) { values.append(($0, $1)) }
            }
        }
        last = max(last, time)
        for (key, value) in values {
            guard let number = WandbRun.number(value) else {
                skipped += 1
                continue
            }
            logged.insert(key)
            points.append(Metric(key: WandbRun.name(key), value: number, timestamp: max(0, time), step: step))
        }
    }

    /// Objects become dotted keys; one of W&B's own types stays whole.
    private func flatten(_ key: String, _ value: JSONValue, _ take: (String, JSONValue) -> Void) {
        guard let members = value.objectValue, members["_type"] == nil, members.contains(where: { _ in true }) else {
            return take(key, value)
        }
        for (name, inner) in members { flatten("\(key).\(name)", inner, take) }
    }

    /// The run as this server has them.
    func source(experiment: String, artifacts: String) -> SourceRun {
        let status: RunStatus = exit.map { $0 == 0 ? .finished : .failed } ?? .running
        var made = Run(
            info: RunInfo(
                id: run.id, experimentID: experiment, name: run.name.isEmpty ? run.id : run.name,
                userID: tags.first { $0.key == "mlflow.user" }?.value ?? "", status: status, startTime: run.start,
                endTime: exit == nil ? nil : max(last, run.start), artifactURI: artifacts))
        made.params = config.sorted { $0.key < $1.key }.map { Param(key: WandbRun.name($0.key), value: $0.value) }
        made.tags = tags
        for (key, value) in [
            ("mlflow.note.content", run.notes), ("wandb.group", run.group), ("wandb.job_type", run.jobType),
            ("wandb.tags", run.tags.joined(separator: ",")), ("wandb.sweep", run.sweep), ("wandb.host", run.host),
            ("wandb.project", run.project),
        ] where !value.isEmpty { made.tags.append(Tag(key: key, value: value)) }
        var all = points
        for (key, value) in summary.sorted(by: { $0.key < $1.key }) where !key.hasPrefix("_") && !logged.contains(key) {
            if let number = WandbRun.number(value) {
                all.append(Metric(key: WandbRun.name(key), value: number, timestamp: max(0, last), step: 0))
            } else if value.objectValue?["_type"] == nil {
                made.tags.append(Tag(key: WandbRun.name("wandb.summary.\(key)"), value: value.stringValue ?? value.text))
            }
        }
        return SourceRun(run: made, points: all, growsAtEnd: true)
    }

    /// W&B writes JSON with Python's NaN and Infinity, bare or as texts.
    private static func value(_ json: String) -> JSONValue {
        switch json {
        case "NaN", "\"NaN\"": return .double(.nan)
        case "Infinity", "\"Infinity\"": return .double(.infinity)
        case "-Infinity", "\"-Infinity\"": return .double(-.infinity)
        default:
            do { return try JSONValue.parse(json) } catch { return .string(json) }  // what is no JSON is kept as it is written
        }
    }

    private static func number(_ value: JSONValue) -> Double? { value.boolValue.map { $0 ? 1 : 0 } ?? value.doubleValue }

    /// A name that is allowed here: other characters become `_`.
    static func name(_ key: String) -> String {
        let plain = String(
            String.UnicodeScalarView(
                key.unicodeScalars.map { scalar in
                    let isAllowed =
                        scalar.properties.isAlphabetic || scalar.properties.numericType != nil || "_-. :/".unicodeScalars.contains(scalar)
                    return isAllowed ? scalar : "_"
                }))
        let parts = plain.split(separator: "/", omittingEmptySubsequences: true).filter { $0 != "." && $0 != ".." }
        return parts.isEmpty ? "_" : String(parts.joined(separator: "/").prefix(250))
    }
}
