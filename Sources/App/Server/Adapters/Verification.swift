import Clockwork
import Errors
import FileStores
import JSON
import Registry
import Serving
import Tracking

/// Verifies a registered folder: every byte against its digest, the MLmodel with its signature, the input example, and for ONNX loading and
/// one prediction. Formats that run code when they are opened (`.pkl` and its like) are never opened: their bytes are checked, no more.
struct Verification: ModelVerifier {
    let unpacker: ModelUnpacker
    let runtime: any ModelRuntime

    /// Larger examples are not read.
    private static let exampleBytesMax: Int64 = 8 << 20

    func verify(_ source: Registry.ModelSource) async throws -> VerificationReport {
        let folder = try unpacker.source(source.location)
        let entries = try await folder.files()
        var report = VerificationReport(
            files: entries.count, bytes: entries.reduce(0) { $0 + $1.size }, digest: ModelFolder.identity(of: entries), flavors: [],
            loads: nil, predicts: nil, detail: "")
        guard let text = try await folder.contents("MLmodel") else {
            report.problem =
                entries.isEmpty
                ? "no files were logged under `\(source.uri)`: log the model there, then verify again" : "there is no MLmodel file"
            return report
        }
        try await folder.verify(entries)
        report.verified = ["bytes and digests of \(entries.count) files"]
        let description: MLmodelFile
        do { description = try MLmodelFile(text) } catch let error as JidokaError {
            report.problem = "its MLmodel cannot be read: \(error.message)"
            return report
        }
        report.verified += ["MLmodel"] + (description.hasSignature ? ["signature"] : [])
        if !description.hasSignature { report.notVerified.append("a signature: none was logged") }
        report.flavors = description.flavors
        report.codeVersion = source.codeVersion
        report.identity = ModelIdentity.of(files: entries, config: description.config, codeVersion: source.codeVersion)
        let example: InputExample?
        do { example = try await self.example(description, entries, folder, &report) } catch let error as JidokaError {
            report.problem = "its input example cannot be read: \(error.message)"
            return report
        }
        guard let data = description.onnxData else {
            let flavors = description.flavors.joined(separator: ", ")
            report.notVerified.append("loading and a prediction: the server does not open models of flavor \(flavors)")
            return report.told()
        }
        guard entries.contains(where: { $0.relativePath == data }) else {
            report.problem = "the file `\(data)` that MLmodel names is missing"
            return report
        }
        return try await tryOut(report, source, example)
    }

    /// nil when none was logged or it is of a form that is not read here; the report says which.
    private func example(
        _ description: MLmodelFile, _ entries: [ModelFolder.File], _ folder: ModelFolder, _ report: inout VerificationReport
    ) async throws -> InputExample? {
        guard let name = description.inputExample else {
            report.notVerified.append("an input example: none was logged")
            return nil
        }
        guard let entry = entries.first(where: { $0.relativePath == name }) else {
            throw JidokaError.invalidArgument("the file `\(name)` that MLmodel names is missing")
        }
        guard name.hasSuffix(".json"), entry.size <= Verification.exampleBytesMax, let bytes = try await folder.contents(name) else {
            report.notVerified.append("the input example: `\(name)` is not a JSON file of at most 8 MiB")
            return nil
        }
        let example = try InputExample(bytes)
        report.verified.append("input example")
        return example
    }

    private func tryOut(
        _ report: VerificationReport, _ source: Registry.ModelSource, _ example: InputExample?
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
        report.verified.append("loading")
        do {
            let signature = model.signature
            let zeros = [Array(repeating: 0.0, count: signature.featureNames.count)]
            let batch = try example.map { try $0.batch(for: signature) } ?? FeatureTensors.batch(zeros, for: signature)
            let outputs = try await model.infer(batch)
            if signature.isBatchable, outputs.rows != batch.rows {
                report.predicts = false
                report.problem = "it answered \(outputs.rows) rows for \(batch.rows)"
            } else {
                report.predicts = true
                report.verified.append(example == nil ? "a prediction on a row of zeros" : "a prediction on the input example")
            }
        } catch let error as JidokaError {
            if example != nil {
                report.predicts = false
                report.problem = "it does not predict its input example: \(error.message)"
            } else {
                // Zeros are a guess; a model that wants something else is not at fault.
                report.notVerified.append("a prediction: there is no input example, and a row of zeros did not fit (\(error.message))")
            }
        }
        await model.unload()
        return report.told()
    }
}

extension VerificationReport {
    /// With the sentence that says what was seen and what was not.
    fileprivate func told() -> VerificationReport {
        var report = self
        report.detail = "verified: \(verified.joined(separator: ", "))"
        if !notVerified.isEmpty { report.detail += "; not verified: \(notVerified.joined(separator: "; "))" }
        return report
    }
}
