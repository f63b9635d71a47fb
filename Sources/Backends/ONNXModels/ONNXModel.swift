import Clockwork
import Errors
import ONNX
import Serving
import Synchronization

/// One loaded ONNX model. scikit-learn's ZipMap outputs (sequences of maps) come out flattened to `[N, C]` probabilities.
///
/// A run that is expected to take less than two thread hops would is made on the caller's thread; a longer one goes to the pool.
final class ONNXModel: LoadedModel {
    let signature: ModelSignature
    private let session: Mutex<ONNXSession?>
    private let outputNames: [String]
    private let pool: BlockingPool
    private let time: any TimeSource
    private let cost = RunCost()

    /// About what two hops between threads cost, in nanoseconds: runs below it are not worth handing over.
    private static let inlineMax: UInt64 = 100_000

    /// Reads the signature, and warms the model with one row of zeros. Blocks.
    init(_ loaded: ONNXSession, artifact: ModelArtifact, pool: BlockingPool, time: any TimeSource) throws {
        let inputs = try loaded.inputs.map { info in
            guard info.kind == .tensor else {
                throw JidokaError.failedPrecondition("input `\(info.name)` is no tensor", hint: "export the model with tensor inputs")
            }
            return TensorSpec(name: info.name, type: TensorType(info.elementType), shape: info.shape)
        }
        // Outputs that no protocol could carry are not computed.
        let usable = loaded.outputs.filter { $0.kind != .unsupported }
        guard !usable.isEmpty else {
            throw JidokaError.failedPrecondition("the model has no output that is a tensor", hint: "export the model with tensor outputs")
        }
        var outputs = usable.map { TensorSpec(name: $0.name, type: TensorType($0.elementType), shape: $0.shape) }
        outputNames = usable.map(\.name)
        self.pool = pool
        self.time = time
        session = Mutex(loaded)

        var labels = artifact.classLabels
        // Zeros need not be valid inputs: then the first caller warms the model, and the class names are those of the artifact.
        if let row = try? ONNXModel.zeros(inputs), let warm = try? loaded.run(inputs: row, outputs: outputNames) {
            for index in outputs.indices where usable[index].kind != .tensor {
                outputs[index].shape = [-1, warm[index].tensor.shape.last ?? -1]
            }
            labels = labels ?? warm.lazy.compactMap(\.classLabels).first
            // The first run made buffers and plans; the second one tells how long a run takes.
            let start = time.steadyNanoseconds()
            if (try? loaded.run(inputs: row, outputs: outputNames)) != nil { cost.record(time.steadyNanoseconds() &- start, rows: 1) }
        }
        signature = ModelSignature(inputs: inputs, outputs: outputs, featureNames: artifact.featureNames, classLabels: labels)
    }

    /// One row of zeros or empty texts; free dimensions have size 1.
    private static func zeros(_ inputs: [TensorSpec]) throws -> [(name: String, tensor: ONNXTensor)] {
        try inputs.map { spec in
            let shape = spec.shape.map { $0 < 0 ? 1 : $0 }
            let count = Tensor.count(of: shape) ?? 0
            guard let width = spec.type.width else {
                return (spec.name, try ONNXTensor(shape: shape, strings: Array(repeating: "", count: count)))
            }
            return (
                spec.name,
                try ONNXTensor(ONNXElementType(spec.type), shape: shape, bytes: Array(repeating: 0, count: count * width))
            )
        }
    }

    func infer(_ inputs: TensorBatch) async throws -> TensorBatch {
        guard let session = session.withLock({ $0 }) else { throw JidokaError.internal("the model is not in memory any more") }
        let rows = inputs.rows
        if let expected = cost.expected(rows: rows), expected <= ONNXModel.inlineMax { return try run(session, inputs, rows) }
        return try await pool.run { try self.run(session, inputs, rows) }
    }

    private func run(_ session: ONNXSession, _ inputs: TensorBatch, _ rows: Int) throws -> TensorBatch {
        let given = try inputs.tensors.map { (name: $0.name, tensor: try ONNXTensor($0)) }
        let start = time.steadyNanoseconds()
        let outputs = try session.run(inputs: given, outputs: outputNames)
        cost.record(time.steadyNanoseconds() &- start, rows: rows)
        return TensorBatch(outputs.map { Tensor($0.tensor, name: $0.name) })
    }

    func unload() async {
        // Giving back the memory of a large model takes a while, so it happens on the pool, unless a run still holds it.
        _ = try? await pool.run { self.session.withLock { $0 = nil } }  // the body does not throw
    }
}

/// How long runs take, by the power of two below their rows: an average that forgets (weight 1/8 for the newest).
final class RunCost: Sendable {
    private let buckets = Mutex<[UInt64]>(Array(repeating: 0, count: 24))

    private static func bucket(_ rows: Int) -> Int { min(23, Int.bitWidth - 1 - max(1, rows).leadingZeroBitCount) }

    /// nil when no such run was measured yet.
    func expected(rows: Int) -> UInt64? {
        let average = buckets.withLock { $0[RunCost.bucket(rows)] }
        return average == 0 ? nil : average
    }

    func record(_ nanoseconds: UInt64, rows: Int) {
        let bucket = RunCost.bucket(rows)
        buckets.withLock { buckets in
            let old = buckets[bucket]
            buckets[bucket] = max(1, old == 0 ? nanoseconds : (old * 7 + nanoseconds) / 8)
        }
    }
}
