import Clockwork
import Errors
import FileStores
import JSON
import Registry
import Serving
import Tracking
import YAML

/// A model version's files, for serving.
struct ModelFiles: Serving.ModelSource {
    let registry: RegistryService
    let unpacker: ModelUnpacker

    func artifact(model: String, version: String) async throws -> ModelArtifact {
        guard let number = Int(version) else { throw JidokaError.notFound("model `\(model)` has no version `\(version)`") }
        let found = try await registry.version(name: model, number)
        guard found.status == .ready else {
            throw JidokaError.failedPrecondition(
                "version \(version) of `\(model)` is not ready: \(found.statusMessage)", hint: "register it again from a complete model")
        }
        return try await unpacker.unpack(model: model, version: version, location: found.storageLocation)
    }

    func version(model: String, alias: String) async throws -> String? {
        try await registry.model(name: model).aliases.first { $0.alias == alias }.map { String($0.version) }
    }
}

/// Brings model folders to this machine, once each, into `.jidoka/models/<content identity>`: an evictable cache.
struct ModelUnpacker: Sendable {
    let artifacts: any ArtifactStore
    let folder: String
    let pool: BlockingPool
    let ids: any IDSource

    func source(_ location: String) throws -> ModelFolder {
        ModelFolder(store: artifacts, pool: pool, path: try ArtifactPath(uri: location))
    }

    /// The files of an artifact folder on this machine, with what their MLmodel says.
    func unpack(model: String, version: String, location: String) async throws -> ModelArtifact {
        let source = try source(location)
        let files = try await source.files()
        guard let text = try await source.contents("MLmodel") else {
            throw JidokaError.failedPrecondition("`\(location)` holds no MLmodel file", hint: "log the model with mlflow's log_model")
        }
        let target = "\(folder)/\(ModelFolder.identity(of: files))"
        try await source.unpack(files, to: target, temporary: "\(folder)/.unpacking-\(ids.next())")
        let description = try MLmodelFile(text)
        if let data = description.onnxData {
            return ModelArtifact(
                model: model, version: version, path: "\(target)/\(data)", flavor: "onnx", featureNames: description.featureNames)
        }
        guard description.flavors.contains("python_function") else {
            let flavors = description.flavors.joined(separator: ", ")
            throw JidokaError.failedPrecondition(
                "version \(version) of `\(model)` has no flavor that can be served (it has: \(flavors))",
                hint: "log it with mlflow.onnx.log_model, or with a flavor that mlflow.pyfunc loads")
        }
        return ModelArtifact(
            model: model, version: version, path: target, flavor: "python_function", featureNames: description.featureNames)
    }
}

/// What the server reads of an `MLmodel` file (MLflow's model format).
struct MLmodelFile {
    var flavors: [String]
    /// Path of the ONNX file inside the folder.
    var onnxData: String?
    var featureNames: [String]
    /// Name of the input example's file.
    var inputExample: String?
    var hasSignature: Bool
    /// Its part of the content identity.
    var config: JSONValue

    /// - Throws: `invalid_argument` for what is no YAML, a signature that cannot be read, or a path out of the folder.
    init(_ bytes: [UInt8]) throws {
        let root = try YAMLNode.parse(bytes, file: "MLmodel")
        flavors = (root["flavors"]?.entries ?? []).map(\.key)
        onnxData = root["flavors"]?["onnx"]?["data"]?.text
        if let onnxData, onnxData.hasPrefix("/") || onnxData.split(separator: "/").contains("..") {
            throw JidokaError.invalidArgument("the MLmodel file names a path outside its folder")
        }
        featureNames = try root["signature"]?["inputs"]?.text.map { try SignatureColumn.featureNames(mlflow: $0) } ?? []
        inputExample = root["saved_input_example_info"]?["artifact_path"]?.text
        let signature = root["signature"]
        for part in ["inputs", "outputs", "params"] {
            if let text = signature?[part]?.string { _ = try JSONValue.parse(text) }
        }
        hasSignature = signature?["inputs"]?.string != nil
        config = MLmodelFile.config(root)
    }
}
