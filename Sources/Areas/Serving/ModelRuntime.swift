import Errors

/// A model version's files, on this machine's disk.
package struct ModelArtifact: Sendable, Hashable {
    package var model: String
    package var version: String
    /// The file that the runtime opens, for example `…/model.onnx`.
    package var path: String
    /// MLflow's flavor name, which chooses the runtime: `onnx`.
    package var flavor: String
    /// From the signature that the model was logged with; empty when it has none.
    package var featureNames: [String]
    package var classLabels: [String]?

    package init(
        model: String, version: String, path: String, flavor: String, featureNames: [String] = [], classLabels: [String]? = nil
    ) {
        self.model = model
        self.version = version
        self.path = path
        self.flavor = flavor
        self.featureNames = featureNames
        self.classLabels = classLabels
    }
}

/// Where the files of model versions come from: the registry and the artifact store, joined in the composition root.
package protocol ModelSource: Sendable {
    /// Brings the version's files to this machine and says where they lie.
    /// - Throws: `not_found` for an unknown model or version, `failed_precondition` for one that may not be served.
    func artifact(model: String, version: String) async throws -> ModelArtifact
    /// The version that an alias of the registered model points to; nil when it has no such alias. - Throws: `not_found` for an unknown
    /// model.
    func version(model: String, alias: String) async throws -> String?
}

/// Opens models of one flavor.
package protocol ModelRuntime: Sendable {
    /// MLflow's flavor name.
    var flavor: String { get }
    /// Loads and warms a model: after this the first answer is as quick as the next.
    /// - Throws: `failed_precondition` with the reason when the file is no model that this runtime can run.
    func load(_ artifact: ModelArtifact) async throws -> any LoadedModel
}

/// The runtimes of a server; each model goes to that of its flavor.
package struct ModelRuntimes: Sendable {
    private let all: [any ModelRuntime]

    package init(_ all: [any ModelRuntime]) { self.all = all }

    /// - Throws: `failed_precondition` when no runtime knows the flavor, and what the runtime throws.
    package func load(_ artifact: ModelArtifact) async throws -> any LoadedModel {
        guard let runtime = all.first(where: { $0.flavor == artifact.flavor }) else {
            throw JidokaError.failedPrecondition(
                "no runtime serves the flavor `\(artifact.flavor)` of `\(artifact.model)` version \(artifact.version)",
                hint: "log the model with one of: " + all.map(\.flavor).joined(separator: ", "))
        }
        return try await runtime.load(artifact)
    }
}

/// A model in memory. `infer` may run many times at once; the caller bounds how many.
package protocol LoadedModel: Sendable {
    var signature: ModelSignature { get }
    /// Whole answers for whole inputs that `signature.arranged` has checked; never blocks the caller's thread for longer than a short run.
    /// - Throws: `invalid_argument` when the values (not the shapes) are the caller's mistake, `internal` otherwise.
    func infer(_ inputs: TensorBatch) async throws -> TensorBatch
    /// Gives the memory back. Called once, after the last `infer` has returned.
    func unload() async
}
