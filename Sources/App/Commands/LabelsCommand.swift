import Clockwork
import CommandLine
import Errors
import JSON

/// `jidoka labels add FILE`: the truth about predictions.
enum LabelsCommand {
    /// What one request may carry.
    private static let batchRows = 5_000

    static func command(_ context: CommandContext) -> Command {
        Command(
            "labels", "tell the truth about predictions",
            subcommands: [
                Command(
                    "add", "add the labels of a CSV, Parquet or JSON file",
                    details: """
                        CSV and Parquet have the columns `prediction_id`, `label` and, if wanted, `time` (microseconds since
                        1970). JSON is a list of {"prediction_id", "label", "time"?} objects, the same as `labels` of an object,
                        or one such object a line.
                        """, positionals: [Positional("file", "the file")]
                ) { values, console in
                    let labels = try await LabelFile.read(values.argument("file"), context)
                    let bar = ProgressBar("sending labels", total: labels.count, console: console, time: context.time)
                    defer { bar.finish() }
                    let receipt = try await send(labels, to: context.api(values)) { bar.advance(by: $0) }
                    bar.finish()
                    console.show(receipt, values) { receipt in
                        var text = "\(receipt.count("accepted")) labels accepted, \(receipt.count("duplicates")) were known"
                        if let unknown = receipt["unknown"]?.intValue, unknown > 0 {
                            text += ", \(HumanText.count(unknown)) name predictions that are not logged"
                        }
                        return text + "\n"
                    }
                    return .ok
                }
            ])
    }

    /// The sum of the receipts of all batches.
    private static func send(_ labels: [JSONValue], to api: APIClient, _ sent: (Int) -> Void) async throws -> JSONValue {
        var sums: [(key: String, value: Int64)] = [("accepted", 0), ("duplicates", 0), ("unknown", 0)]
        var start = 0
        while start < labels.count {
            let batch = Array(labels[start..<min(labels.count, start + batchRows)])
            let receipt: JSONValue
            do { receipt = try await api.post(["labels"], body: ["labels": .array(batch)]) } catch var error as JidokaError {
                if start > 0 {
                    error.hint = (error.hint.map { $0 + "; " } ?? "") + "the first \(start) labels are in: adding them again is harmless"
                }
                throw error
            }
            for index in sums.indices { sums[index].value += receipt[sums[index].key]?.intValue ?? 0 }
            sent(batch.count)
            start += batch.count
        }
        return .object(JSONObject(sums.map { (key: $0.key, value: .int($0.value)) }))
    }
}
