import Errors

/// What a model takes or gives under one name.
package struct TensorSpec: Sendable, Hashable {
    package var name: String
    package var type: TensorType
    /// -1 stands for any size.
    package var shape: [Int]

    package init(name: String, type: TensorType, shape: [Int]) {
        self.name = name
        self.type = type
        self.shape = shape
    }
}

/// The inputs and outputs of a loaded model, and the words for its columns and classes.
package struct ModelSignature: Sendable, Hashable {
    package var inputs: [TensorSpec]
    package var outputs: [TensorSpec]
    /// One name a feature column, in the order of the inputs' columns.
    package var featureNames: [String]
    /// Class names in the order of the probabilities' columns, when the model or its metadata tells.
    package var classLabels: [String]?

    /// Feature names default to the inputs' own names when each input is one column, else to `f0`, `f1`, ….
    package init(inputs: [TensorSpec], outputs: [TensorSpec], featureNames: [String] = [], classLabels: [String]? = nil) {
        self.inputs = inputs
        self.outputs = outputs
        self.classLabels = classLabels
        let columns = inputs.reduce(0) { $0 + max(1, $1.columns ?? 1) }
        if featureNames.count == columns {
            self.featureNames = featureNames
        } else if inputs.allSatisfy({ $0.columns == 1 }) {
            self.featureNames = inputs.map(\.name)
        } else {
            self.featureNames = (0..<columns).map { "f\($0)" }
        }
    }

    /// Whether several requests may share one run: the first dimension of every input and output is free.
    package var isBatchable: Bool { (inputs + outputs).allSatisfy { $0.shape.first == -1 } }

    /// The request's tensors in the order of the inputs, checked against them.
    /// - Throws: `invalid_argument` for a missing, unknown or repeated input and for a wrong datatype, shape or number of elements.
    package func arranged(_ given: [Tensor], model: String) throws -> TensorBatch {
        guard given.count == inputs.count else {
            if let extra = given.first(where: { tensor in !inputs.contains { $0.name == tensor.name } }) {
                throw unknown(extra.name, model)
            }
            throw JidokaError.invalidArgument(
                "expected \(inputs.count) inputs but got \(given.count) inputs for model '\(model)'",
                hint: "send " + inputs.map { "`\($0.name)`" }.joined(separator: ", "))
        }
        // Clients mostly send the inputs in the signature's order: then nothing has to be moved.
        var inOrder = true
        for index in inputs.indices where given[index].name != inputs[index].name { inOrder = false }
        let batch = inOrder ? TensorBatch(given) : TensorBatch(try inputs.map { try find($0.name, in: given, model) })
        for (spec, tensor) in zip(inputs, batch.tensors) { try spec.check(tensor, model: model) }
        let rows = batch.rows
        if isBatchable, let other = batch.tensors.first(where: { $0.rows != rows }) {
            throw JidokaError.invalidArgument(
                "input '\(other.name)' has \(other.rows) rows but '\(inputs[0].name)' has \(rows) for model '\(model)'",
                hint: "all inputs of one request have the same first dimension")
        }
        return batch
    }

    private func find(_ name: String, in given: [Tensor], _ model: String) throws -> Tensor {
        if let found = given.first(where: { $0.name == name }) { return found }
        if let extra = given.first(where: { tensor in !inputs.contains { $0.name == tensor.name } }) { throw unknown(extra.name, model) }
        throw JidokaError.invalidArgument("input '\(name)' is missing for model '\(model)'")
    }

    private func unknown(_ name: String, _ model: String) -> JidokaError {
        .invalidArgument(
            "unexpected inference input '\(name)' for model '\(model)'",
            hint: nearestName(to: name, among: inputs.map(\.name)).map { "did you mean `\($0)`?" }
                ?? "the model takes " + inputs.map { "`\($0.name)`" }.joined(separator: ", "))
    }
}

extension TensorSpec {
    /// Columns a row of this tensor has: the product of the dimensions after the first, nil when one of them is free.
    package var columns: Int? { Tensor.count(of: Array(shape.dropFirst())) }

    func check(_ tensor: Tensor, model: String) throws {
        guard tensor.type == type else {
            throw JidokaError.invalidArgument(
                "inference input '\(name)' data-type is '\(tensor.type.rawValue)', but model '\(model)' expects '\(type.rawValue)'")
        }
        let fits = tensor.shape.count == shape.count && zip(shape, tensor.shape).allSatisfy { $0 == -1 ? $1 >= 0 : $0 == $1 }
        guard fits else {
            throw JidokaError.invalidArgument(
                "unexpected shape for input '\(name)' for model '\(model)'. Expected \(shape.compact), got \(tensor.shape.compact)",
                hint: "-1 stands for any size")
        }
        guard let count = Tensor.count(of: tensor.shape), count == tensor.storedCount else {
            throw JidokaError.invalidArgument(
                "input '\(name)' of shape \(tensor.shape.compact) has \(tensor.storedCount) elements for model '\(model)'")
        }
    }
}

extension [Int] {
    /// `[-1,4]`
    package var compact: String { "[" + map(String.init).joined(separator: ",") + "]" }
}
