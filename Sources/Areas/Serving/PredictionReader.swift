/// Finds the predicted class or value and its score among a model's outputs.
///
/// A label output is one integer or text a row; probabilities are an output of at least two floating-point columns. With a label output
/// that decides, without one the most probable class does; with neither, the first output of one number a row is the predicted value.
package struct PredictionReader: Sendable {
    private let label: String?
    private let probabilities: String?
    private let value: String?
    private let classLabels: [String]?

    package init(_ signature: ModelSignature) {
        func isOneColumn(_ spec: TensorSpec) -> Bool { spec.shape.count <= 1 || (spec.shape.count == 2 && spec.shape[1] == 1) }
        func isFloating(_ spec: TensorSpec) -> Bool { [.fp32, .fp64, .fp16, .bf16].contains(spec.type) }
        label = signature.outputs.first { isOneColumn($0) && !isFloating($0) }?.name
        probabilities = signature.outputs.first { isFloating($0) && $0.shape.count == 2 && $0.shape[1] != 1 }?.name
        value = signature.outputs.first { isFloating($0) && isOneColumn($0) }?.name
        classLabels = signature.classLabels
    }

    /// One prediction a row, `.missing` where the outputs have none.
    package func predictions(_ outputs: TensorBatch, count: Int) -> [(prediction: FeatureValue, score: Double?)] {
        let labels = label.flatMap { outputs[$0] }.flatMap { $0.storedCount == count ? $0 : nil }
        let scores = probabilities.flatMap { outputs[$0] }.flatMap { $0.rows == count && $0.storedCount >= 2 * count ? $0 : nil }
        let values = value.flatMap { outputs[$0] }.flatMap { $0.storedCount == count ? $0 : nil }
        return (0..<count).map { row in
            if let scores {
                let (best, score) = PredictionReader.best(scores, row: row)
                return (labels.map { FeatureValue($0, at: row) } ?? name(of: best), score)
            }
            if let labels { return (FeatureValue(labels, at: row), nil) }
            if let values { return (FeatureValue(values, at: row), nil) }
            return (.missing, nil)
        }
    }

    private func name(of index: Int) -> FeatureValue {
        guard let classLabels, classLabels.indices.contains(index) else { return .number(Double(index)) }
        return Double(classLabels[index]).map(FeatureValue.number) ?? .text(classLabels[index])
    }

    /// The most probable class, and its probability, or that of the positive (second) class when there are two.
    private static func best(_ scores: Tensor, row: Int) -> (index: Int, score: Double?) {
        let width = scores.storedCount / scores.rows
        let start = row * width
        var best = 0
        var top = scores.number(at: start) ?? .nan
        for index in 1..<width {
            let score = scores.number(at: start + index) ?? .nan
            if score > top || top.isNaN { (best, top) = (index, score) }
        }
        let score = width == 2 ? scores.number(at: start + 1) ?? .nan : top
        return (best, score.isNaN ? nil : score)
    }
}
