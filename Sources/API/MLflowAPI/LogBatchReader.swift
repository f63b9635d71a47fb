import JSON
import Tracking

/// Reads the bodies of `log-metric` and `log-batch` as clients send them, straight from the parsed text and without a tree of values.
///
/// It knows the plain form only: names in snake_case, numbers as numbers, texts as texts. For anything else it gives nil, and
/// `RequestFields`, which knows every form and says what is wrong, reads the same bytes. So it never decides what is refused.
enum LogBatchReader {
    static func batch(_ bytes: [UInt8]) -> RunBatch? {
        guard let document = try? JSONDocument(bytes), document.root.kind == .object else { return nil }
        var batch = RunBatch(runID: "")
        var seen = Members()
        var isPlain = true
        document.root.forEachMember { name, value in
            guard isPlain, let field = BatchField(rawValue: name), seen.insert(field.bit) else { return isPlain = false }
            switch field {
            case .runID:
                batch.runID = value.string ?? ""
                isPlain = !batch.runID.isEmpty
            case .metrics: isPlain = fill(&batch.metrics, from: value, metric)
            case .params: isPlain = fill(&batch.params, from: value) { pair($0).map { Param(key: $0.key, value: $0.value) } }
            case .tags: isPlain = fill(&batch.tags, from: value) { pair($0).map { Tag(key: $0.key, value: $0.value) } }
            }
        }
        return isPlain && !batch.runID.isEmpty ? batch : nil
    }

    /// A metric's own members, beside which a request to `log-metric` has the run's id.
    static func single(_ bytes: [UInt8]) -> (runID: String, metric: Metric)? {
        guard let document = try? JSONDocument(bytes), let runID = document.root["run_id"]?.string, !runID.isEmpty else { return nil }
        return metric(document.root).map { (runID, $0) }
    }

    private enum BatchField: String {
        case runID = "run_id"
        case metrics, params, tags

        var bit: UInt8 {
            switch self {
            case .runID: 1
            case .metrics: 2
            case .params: 4
            case .tags: 8
            }
        }
    }

    /// Which members an object has had; a second one of the same name is not plain.
    private struct Members {
        var bits: UInt8 = 0

        mutating func insert(_ bit: UInt8) -> Bool {
            defer { bits |= bit }
            return bits & bit == 0
        }
    }

    private static func fill<Item>(_ items: inout [Item], from value: JSONCursor, _ read: (JSONCursor) -> Item?) -> Bool {
        guard value.kind == .array else { return false }
        items.reserveCapacity(value.count)
        var isPlain = true
        value.forEachElement { element in
            guard isPlain, let item = read(element) else { return isPlain = false }
            items.append(item)
        }
        return isPlain
    }

    private static func metric(_ object: JSONCursor) -> Metric? {
        guard object.kind == .object else { return nil }
        var key = ""
        var value: Double?
        var timestamp: Int64?
        var step: Int64? = 0
        var seen = Members()
        var isPlain = true
        object.forEachMember { name, member in
            let bit: UInt8
            switch name {
            case "key":
                key = member.string ?? ""
                bit = 1
            case "value":
                value = member.double
                bit = 2
            case "timestamp":
                timestamp = member.kind == .int ? member.int : nil
                bit = 4
            case "step":
                step = member.kind == .int ? member.int : nil
                bit = 8
            // `run_uuid` says the same once more; a metric of a logged model is read by the other reader.
            case "run_id", "run_uuid": bit = name == "run_id" ? 16 : 32
            default: return isPlain = false
            }
            if !seen.insert(bit) { isPlain = false }
        }
        guard isPlain, !key.isEmpty, let value, let timestamp, let step else { return nil }
        return Metric(key: key, value: value, timestamp: timestamp, step: step)
    }

    private static func pair(_ object: JSONCursor) -> (key: String, value: String)? {
        guard object.kind == .object, object.count == 2, let key = object["key"]?.string, !key.isEmpty,
            let value = object["value"]?.string
        else { return nil }
        return (key, value)
    }
}
