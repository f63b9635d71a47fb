/// Reads the feature columns out of a request's tensors, for the prediction log.
struct FeatureReader: Sendable {
    /// Rows wider than this (images, embeddings) are recorded without their features.
    static let columnsMax = 1_024

    /// Shared by all records of a version.
    let names: [String]
    private let recorded: Bool

    init(_ signature: ModelSignature) {
        recorded = signature.featureNames.count <= FeatureReader.columnsMax && signature.inputs.allSatisfy { $0.columns != nil }
        names = recorded ? signature.featureNames : []
    }

    /// One list of `names.count` cells a row. A NaN is a missing cell.
    func rows(_ batch: TensorBatch, count: Int) -> [[FeatureValue]] {
        var rows = Array(repeating: [FeatureValue](), count: count)
        if !recorded || names.isEmpty { return rows }
        for row in 0..<count {
            var cells: [FeatureValue] = []
            cells.reserveCapacity(names.count)
            for tensor in batch.tensors { append(tensor, row: row, to: &cells) }
            // A model without a free first dimension has more cells in a request than columns in a row: its log keeps the ids only.
            rows[row] = cells.count == names.count ? cells : Array(repeating: .missing, count: names.count)
        }
        return rows
    }

    private func append(_ tensor: Tensor, row: Int, to cells: inout [FeatureValue]) {
        let width = tensor.rows == 0 ? 0 : tensor.storedCount / tensor.rows
        let columns = row * width..<(row + 1) * width
        guard columns.upperBound <= tensor.storedCount else { return }
        switch tensor.storage {
        case .floats(let all):
            for index in columns { cells.append(all[index].isNaN ? .missing : .number(Double(all[index]))) }
        case .bytes, .strings:
            for index in columns { cells.append(FeatureValue(tensor, at: index)) }
        }
    }
}

extension FeatureValue {
    init(_ tensor: Tensor, at index: Int) {
        if let text = tensor.text(at: index) {
            self = .text(text)
        } else if let number = tensor.number(at: index), !number.isNaN {
            self = .number(number)
        } else {
            self = .missing
        }
    }
}
