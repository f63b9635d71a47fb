import Clockwork
import Errors
import FileStores
import JSON
import Registry
import Serving
import Tracking

/// Verifies a registered folder: every byte against its digest, the MLmodel, and for ONNX loading and one prediction.
struct Verification: ModelVerifier {
    let unpacker: ModelUnpacker
    let runtime: any ModelRuntime

    func verify(_ source: Registry.ModelSource) async throws -> VerificationReport {
        let folder = try unpacker.source(source.location)
        let entries = try await folder.files()
        var report = VerificationReport(
            files: entries.count, bytes: entries.reduce(0) { $0 + $1.size }, digest: ModelFolder.identity(of: entries), flavors: [],
            loads: nil,
            predicts: nil, detail: "")
        guard let text = try await folder.contents("MLmodel") else {
            report.problem = entries.isEmpty ? "no files were logged" : "there is no MLmodel file"
            return report
        }
        try await folder.verify(entries)
        let description = try MLmodelFile(text)
        report.flavors = description.flavors
        guard let data = description.onnxData else {
            report.detail =
                "\(entries.count) files have their digests; the server does not load \(description.flavors.joined(separator: ", "))"
            return report
        }
        guard entries.contains(where: { $0.relativePath == data }) else {
            report.problem = "the file `\(data)` that MLmodel names is missing"
            return report
        }
        return try await tryOut(report, source, description, folder)
    }

    private func tryOut(
        _ report: VerificationReport, _ source: Registry.ModelSource, _ description: MLmodelFile, _ folder: ModelFolder
    ) async throws -> VerificationReport {
        var report = report
        let artifact = try await unpacker.unpack(model: source.uri, version: "candidate", location: source.location)
        let model: any LoadedModel
        do { model = try await runtime.load(artifact) } catch let error as JidokaError {
            if error.code == .unavailable { throw error }  // no runtime here: not the model's fault
            report.loads = false
            report.problem = "it does not load: \(error.message)"
            return report
        }
        report.loads = true
        do {
            var example: [UInt8]?
            if let name = description.inputExample { example = try await folder.contents(name) }
            let rows = try ExampleRows(example, features: model.signature.featureNames.count)
            let outputs = try await model.infer(try FeatureTensors.batch(rows.cells, for: model.signature))
            report.predicts = outputs.rows == rows.cells.count
            report.detail = "loads and predicts \(rows.isExample ? "its input example" : "a row of zeros")"
            if report.predicts == false { report.problem = "it answered \(outputs.rows) rows for \(rows.cells.count)" }
        } catch let error as JidokaError {
            report.predicts = false
            report.problem = "it does not predict: \(error.message)"
        }
        await model.unload()
        return report
    }
}

/// The rows of MLflow's `input_example.json` (`{"columns": […], "data": [[…]]}`), or one row of zeros.
struct ExampleRows {
    var cells: [[Double]]
    var isExample: Bool

    init(_ bytes: [UInt8]?, features: Int) throws {
        let zeros = [Array(repeating: 0.0, count: features)]
        cells = zeros
        isExample = false
        guard let bytes, let rows = try JSONValue.parse(bytes)["data"]?.arrayValue else { return }
        let numbers = rows.prefix(16).map { ($0.arrayValue ?? []).map { $0.doubleValue ?? ($0.boolValue.map { $0 ? 1 : 0 } ?? .nan) } }
        guard !numbers.isEmpty, numbers.allSatisfy({ $0.count == features }) else { return }
        cells = Array(numbers)
        isExample = true
    }
}
