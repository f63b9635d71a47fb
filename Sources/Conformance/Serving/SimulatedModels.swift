package import Errors
package import Serving
import Synchronization

/// A model runtime without files: a version's behaviour is a closure. It counts what is in memory and what ran.
package final class SimulatedModelRuntime: ModelRuntime, ModelSource {
    package typealias Body = @Sendable (TensorBatch) async throws -> TensorBatch

    package struct Version: Sendable {
        package var signature: ModelSignature
        /// Why loading fails, nil when it does not.
        package var loadFailure: JidokaError?
        package var infer: Body

        package init(signature: ModelSignature, loadFailure: JidokaError? = nil, infer: @escaping Body) {
            self.signature = signature
            self.loadFailure = loadFailure
            self.infer = infer
        }
    }

    struct State {
        var versions: [String: Version] = [:]
        var loaded: [String: Int] = [:]
        var aliases: [String: String] = [:]
        var loads = 0
        /// Runs on a model after it was unloaded: must stay 0.
        var runsAfterUnload = 0
        var batchRows: [Int] = []
    }
    let state = Mutex(State())

    package init() {}

    package let flavor = "simulated"

    /// Declares `model` version `version`.
    package func add(_ model: String, _ version: String, _ behaviour: Version) {
        state.withLock { $0.versions["\(model)/\(version)"] = behaviour }
    }

    /// Models in memory as `model/version`, repeated when loaded more than once.
    package var loaded: [String] {
        state.withLock { state in state.loaded.flatMap { Array(repeating: $0.key, count: $0.value) } }.sorted()
    }
    package var loads: Int { state.withLock { $0.loads } }
    package var runsAfterUnload: Int { state.withLock { $0.runsAfterUnload } }
    /// Rows of every run so far.
    package var batchRows: [Int] { state.withLock { $0.batchRows } }

    package func artifact(model: String, version: String) async throws -> ModelArtifact {
        let known = state.withLock { $0.versions["\(model)/\(version)"] != nil }
        guard known else { throw JidokaError.notFound("`\(model)` has no version \(version)") }
        return ModelArtifact(model: model, version: version, path: "\(model)/\(version)", flavor: flavor)
    }

    /// Aliases are those that `alias` declared.
    package func version(model: String, alias: String) async throws -> String? { state.withLock { $0.aliases["\(model)/\(alias)"] } }

    package func alias(_ alias: String, _ model: String, _ version: String) {
        state.withLock { $0.aliases["\(model)/\(alias)"] = version }
    }

    package func load(_ artifact: ModelArtifact) async throws -> any LoadedModel {
        let behaviour = state.withLock { state in
            state.loads += 1
            return state.versions[artifact.path]
        }
        guard let behaviour else { throw JidokaError.notFound("no such model") }
        if let failure = behaviour.loadFailure { throw failure }
        state.withLock { $0.loaded[artifact.path, default: 0] += 1 }
        return SimulatedModel(key: artifact.path, behaviour: behaviour, runtime: self)
    }
}

final class SimulatedModel: LoadedModel {
    private let key: String
    private let behaviour: SimulatedModelRuntime.Version
    private let runtime: SimulatedModelRuntime
    private let unloaded = Atomic<Bool>(false)

    init(key: String, behaviour: SimulatedModelRuntime.Version, runtime: SimulatedModelRuntime) {
        self.key = key
        self.behaviour = behaviour
        self.runtime = runtime
    }

    var signature: ModelSignature { behaviour.signature }

    func infer(_ inputs: TensorBatch) async throws -> TensorBatch {
        runtime.state.withLock { $0.batchRows.append(inputs.rows) }
        let outputs = try await behaviour.infer(inputs)
        if unloaded.load(ordering: .sequentiallyConsistent) { runtime.state.withLock { $0.runsAfterUnload += 1 } }
        return outputs
    }

    func unload() async {
        unloaded.store(true, ordering: .sequentiallyConsistent)
        runtime.state.withLock { state in
            state.loaded[key, default: 1] -= 1
            if state.loaded[key] == 0 { state.loaded[key] = nil }
        }
    }
}

extension SimulatedModelRuntime.Version {
    /// Four FP32 columns in, `label` (the rounded sum of the row) and two probabilities out.
    package static func classifier(labelOffset: Int64 = 0, before: @escaping @Sendable () async throws -> Void = {}) -> Self {
        let signature = ModelSignature(
            inputs: [TensorSpec(name: "X", type: .fp32, shape: [-1, 4])],
            outputs: [
                TensorSpec(name: "label", type: .int64, shape: [-1]), TensorSpec(name: "probabilities", type: .fp32, shape: [-1, 2]),
            ],
            featureNames: ["a", "b", "c", "d"])
        return Self(signature: signature) { batch in
            try await before()
            let input = batch.tensors[0]
            var labels: [Int64] = []
            var probabilities: [Float] = []
            for row in 0..<input.rows {
                let sum = (0..<4).reduce(0.0) { $0 + (input.number(at: row * 4 + $1) ?? 0) }
                labels.append(Int64(sum.rounded()) + labelOffset)
                probabilities += [0.25, 0.75]
            }
            return TensorBatch([
                Tensor(name: "label", type: .int64, shape: [input.rows], elements: labels),
                Tensor(name: "probabilities", shape: [input.rows, 2], floats: probabilities),
            ])
        }
    }
}

/// Keeps what it is given.
package final class RecordingSink: PredictionSink {
    private let kept = Mutex<[PredictionRecord]>([])
    package init() {}
    package func record(_ rows: [PredictionRecord]) { kept.withLock { $0 += rows } }
    package var records: [PredictionRecord] { kept.withLock { $0 } }
}
