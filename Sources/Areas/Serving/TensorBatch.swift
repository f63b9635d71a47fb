import Errors

/// The tensors of one call of a model, in the order of its signature.
package struct TensorBatch: Sendable, Equatable {
    package var tensors: [Tensor]

    package init(_ tensors: [Tensor]) { self.tensors = tensors }

    package subscript(name: String) -> Tensor? { tensors.first { $0.name == name } }

    /// Rows of the batch: the first dimension, which all tensors share.
    package var rows: Int { tensors.first?.rows ?? 0 }

    /// Several batches one after the other. They have the same tensors in the same order and differ in the first dimension only.
    package static func joined(_ batches: [TensorBatch]) -> TensorBatch {
        guard batches.count > 1, let first = batches.first else { return batches.first ?? TensorBatch([]) }
        return TensorBatch(first.tensors.indices.map { index in Tensor.joined(batches.map { $0.tensors[index] }) })
    }

    /// The inverse of `joined` for the outputs of a model.
    /// - Throws: `internal` when an output has not one row for each input row: such a model cannot be batched.
    package func split(rows counts: [Int]) throws -> [TensorBatch] {
        let total = counts.reduce(0, +)
        if let wrong = tensors.first(where: { $0.shape.isEmpty || $0.rows != total }) {
            throw JidokaError.internal("output `\(wrong.name)` has \(wrong.rows) rows where the batch has \(total)")
        }
        var start = 0
        return counts.map { count in
            defer { start += count }
            return TensorBatch(tensors.map { $0.rows(start..<start + count) })
        }
    }
}

extension Tensor {
    static func joined(_ parts: [Tensor]) -> Tensor {
        var whole = parts[0]
        whole.shape[0] = parts.reduce(0) { $0 + $1.rows }
        let total = parts.reduce(0) { $0 + $1.storedCount }
        switch whole.storage {
        case .strings:
            var all: [[UInt8]] = []
            all.reserveCapacity(total)
            for part in parts { if case .strings(let elements) = part.storage { all += elements } }
            whole.storage = .strings(all)
        case .floats, .bytes:
            if whole.type == .fp32 {
                whole.storage = .floats(
                    Array(unsafeUninitializedCapacity: total) { out, count in
                        Tensor.copy(parts, into: UnsafeMutableRawBufferPointer(out))
                        count = total
                    })
            } else {
                let size = total * (whole.type.width ?? 0)
                whole.storage = .bytes(
                    Array(unsafeUninitializedCapacity: size) { out, count in
                        Tensor.copy(parts, into: UnsafeMutableRawBufferPointer(out))
                        count = size
                    })
            }
        }
        return whole
    }

    private static func copy(_ parts: [Tensor], into out: UnsafeMutableRawBufferPointer) {
        var at = 0
        for part in parts {
            at +=
                part.withUnsafeBytes { raw in
                    UnsafeMutableRawBufferPointer(rebasing: out[at..<at + raw.count]).copyMemory(from: raw)
                    return raw.count
                } ?? 0
        }
    }

    /// Some of the rows, copied.
    package func rows(_ range: Range<Int>) -> Tensor {
        if range == 0..<rows { return self }
        let stride = rows == 0 ? 0 : storedCount / rows
        let elements = range.lowerBound * stride..<range.upperBound * stride
        var part = self
        part.shape[0] = range.count
        switch storage {
        case .floats(let all): part.storage = .floats(Array(all[elements]))
        case .strings(let all): part.storage = .strings(Array(all[elements]))
        case .bytes(let all):
            let width = type.width ?? 0
            part.storage = .bytes(Array(all[elements.lowerBound * width..<elements.upperBound * width]))
        }
        return part
    }
}
