import Clockwork
import ColumnStores
import Datasets
import Errors
import Line
import Monitoring
import Registry
import Serving
import Statistics

/// Runs a version over the rows of a dataset part and measures it: the server's own figures, not those that a script logged.
struct Evaluator: ModelEvaluator {
    let unpacker: ModelUnpacker
    let runtimes: ModelRuntimes
    let datasets: DatasetService
    let columns: DatasetColumns
    let line: LineState
    let time: any TimeSource
    /// More rows than this are sampled evenly.
    private static let rowsMax = 100_000
    private static let chunkRows = 1_024
    /// Single predictions timed for the latency check, after so many that warm up.
    private static let latencyCalls = 300
    private static let warmCalls = 20

    func evaluate(
        _ version: ModelVersionRef, on data: EvaluationData, metrics: [String], slices: [String]
    ) async throws -> Evaluation {
        let declared = try line.data(data.dataset)
        guard let label = declared.label else {
            throw JidokaError.failedPrecondition(
                "dataset `\(data.dataset)` declares no `label`", hint: "add `label: COLUMN` to it in jidoka.yaml")
        }
        let artifact = try await unpacker.unpack(model: version.name, version: String(version.version), location: version.location)
        let model = try await runtimes.load(artifact)
        do {
            let found = try await evaluate(model, data, label: label, metrics: metrics, slices: slices)
            await model.unload()
            return found
        } catch {
            await model.unload()
            throw error
        }
    }

    private func evaluate(
        _ model: any LoadedModel, _ data: EvaluationData, label: String, metrics: [String], slices: [String]
    ) async throws -> Evaluation {
        let version = try await datasets.version(dataset: data.dataset, version: data.version)
        let part = DatasetPart(rawValue: data.part)
        let file =
            if let part {
                try await datasets.part(part, of: version, split: line.split(dataset: data.dataset))
            } else {
                try await datasets.file(digest: version.digest)
            }
        let names = model.signature.featureNames
        let all = try await columns.columns(of: file, names: names + [label] + slices, rowsMax: Evaluator.rowsMax)
        let features = Array(all[..<names.count])
        let truth = WindowEvaluator.texts(of: all[names.count])
        let predictions = try await predict(model, features, count: truth.count)
        let rows = truth.indices.filter { truth[$0] != nil }
        var found: [Evaluation.Slice] = []
        for (column, values) in zip(slices, all[(names.count + 1)...]) {
            let keys = WindowEvaluator.texts(of: values)
            for (value, members) in Dictionary(grouping: rows, by: { keys[$0] ?? "" }).sorted(by: { $0.key < $1.key }) {
                let measured = measure(truth, predictions, members, metrics)
                found.append(.init(column: column, value: value, rows: members.count, metrics: measured))
            }
        }
        return Evaluation(
            rows: rows.count, metrics: measure(truth, predictions, rows, metrics), slices: found,
            latencyP99Milliseconds: try await latency(model, features, count: truth.count))
    }

    private func predict(_ model: any LoadedModel, _ features: [FeatureColumn], count: Int) async throws -> [String?] {
        let reader = PredictionReader(model.signature)
        var predictions: [String?] = []
        predictions.reserveCapacity(count)
        var start = 0
        while start < count {
            let rows = start..<min(count, start + Evaluator.chunkRows)
            let outputs = try await model.infer(try FeatureTensors.batch(features, rows: rows, for: model.signature))
            for (prediction, _) in reader.predictions(outputs, count: rows.count) {
                switch prediction {
                case .missing: predictions.append(nil)
                case .number(let value): predictions.append(WindowEvaluator.canonical(value))
                case .text(let text): predictions.append(text)
                }
            }
            start = rows.upperBound
        }
        return predictions
    }

    private func measure(_ truth: [String?], _ predictions: [String?], _ rows: [Int], _ wanted: [String]) -> [String: Double] {
        var matrix = ConfusionMatrix<String>()
        for row in rows {
            guard let label = truth[row], let prediction = predictions[row] else { continue }
            matrix.add(label: label, prediction: prediction)
        }
        let known = WindowEvaluator.metrics(of: matrix)
        return known.filter { wanted.isEmpty || wanted.contains($0.key) || $0.key == "accuracy" || $0.key == "f1" }
    }

    /// The 99th percentile of single-row runs, in milliseconds, as this machine is now.
    private func latency(_ model: any LoadedModel, _ features: [FeatureColumn], count: Int) async throws -> Double? {
        guard count > 0 else { return nil }
        var times: [Double] = []
        for call in 0..<(Evaluator.warmCalls + Evaluator.latencyCalls) {
            let row = call % count
            let batch = try FeatureTensors.batch(features, rows: row..<row + 1, for: model.signature)
            let started = time.steadyNanoseconds()
            _ = try await model.infer(batch)
            if call >= Evaluator.warmCalls { times.append(Double(time.steadyNanoseconds() - started) / 1e6) }
        }
        return quantile(sorted: times.sorted(), 0.99)
    }
}
