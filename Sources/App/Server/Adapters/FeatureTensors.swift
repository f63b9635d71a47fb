import Errors
import Monitoring
import Serving

/// Rows or columns of features as the tensors that a model takes.
enum FeatureTensors {
    /// Rows of numbers, one number a feature.
    static func batch(_ rows: [[Double]], for signature: ModelSignature) throws -> TensorBatch {
        let columns = signature.featureNames.indices.map { index in FeatureColumn.numbers(rows.map { $0[index] }) }
        return try batch(columns, rows: 0..<rows.count, for: signature)
    }

    /// The given rows of feature columns, in the order of `signature.featureNames`.
    /// - Throws: `failed_precondition` for a model whose inputs are not columns of numbers or texts.
    static func batch(_ columns: [FeatureColumn], rows: Range<Int>, for signature: ModelSignature) throws -> TensorBatch {
        var next = 0
        let tensors = try signature.inputs.map { spec in
            let width = spec.columns ?? columns.count
            guard next + width <= columns.count else { throw unsupported(spec) }
            defer { next += width }
            let shape = spec.shape.count <= 1 ? [rows.count] : [rows.count, width]
            return try tensor(spec, shape, Array(columns[next..<next + width]), rows)
        }
        return TensorBatch(tensors)
    }

    private static func tensor(_ spec: TensorSpec, _ shape: [Int], _ columns: [FeatureColumn], _ rows: Range<Int>) throws -> Tensor {
        if spec.type == .bytes {
            return Tensor(name: spec.name, shape: shape, strings: rows.flatMap { row in columns.map { text($0, row) } })
        }
        var cells: [Double] = []
        cells.reserveCapacity(rows.count * columns.count)
        for row in rows {
            for column in columns {
                guard case .numbers(let values) = column else { throw unsupported(spec) }
                cells.append(values[row])
            }
        }
        switch spec.type {
        case .fp32: return Tensor(name: spec.name, shape: shape, floats: cells.map { Float($0) })
        case .fp64: return Tensor(name: spec.name, type: .fp64, shape: shape, elements: cells)
        case .int64: return Tensor(name: spec.name, type: .int64, shape: shape, elements: cells.map { $0.isFinite ? Int64($0) : 0 })
        case .int32: return Tensor(name: spec.name, type: .int32, shape: shape, elements: cells.map { $0.isFinite ? Int32($0) : 0 })
        default: throw unsupported(spec)
        }
    }

    private static func text(_ column: FeatureColumn, _ row: Int) -> String {
        switch column {
        case .numbers(let values): WindowEvaluator.canonical(values[row])
        case .texts(let values): values[row] ?? ""
        }
    }

    private static func unsupported(_ spec: TensorSpec) -> JidokaError {
        .failedPrecondition(
            "input `\(spec.name)` of type \(spec.type.rawValue) and shape \(spec.shape.compact) cannot be filled from columns")
    }
}
