import Errors
import JSON
import Serving

/// A request of `:classify` or `:regress`: examples, each an object of features; features in `context` are those of every example
/// (tensorflow.org/tfx/serving/api_rest, "Classify and Regress API").
struct ExamplesRequest {
    var inputs: [Tensor]

    init(_ body: [UInt8], signature: ModelSignature) throws {
        let request = try JSONDocument(body).root
        guard request.kind == .object else { throw JidokaError.invalidArgument("the request must be a JSON object") }
        guard let examples = request["examples"], examples.kind == .array, examples.count > 0 else {
            throw JidokaError.invalidArgument(
                "`examples` must be a list with at least one object", hint: #"{"examples": [{"feature": 1.0}]}"#)
        }
        let context = request["context"]
        if let context, !context.isNull, context.kind != .object { throw JidokaError.invalidArgument("`context` must be an object") }
        let rows = examples.elements
        try ExamplesRequest.check(rows, context, signature)
        func feature(_ name: String, _ row: JSONCursor) throws -> JSONCursor {
            guard let value = row[name] ?? context?[name] else { throw JidokaError.invalidArgument("an example has no feature '\(name)'") }
            // One value may stand in a list of its own.
            return value.kind == .array && value.count == 1 ? value.elements[0] : value
        }
        if ExamplesRequest.namesInputs(signature) {
            inputs = try signature.inputs.map { spec in
                let cells = try rows.map { try feature(spec.name, $0) }
                var tensor = try Tensor(name: spec.name, type: spec.type, rows: cells, reading: .converted)
                if tensor.shape.count + 1 == spec.shape.count, spec.columns == 1 || spec.columns == nil { tensor.shape.append(1) }
                return tensor
            }
        } else {
            // One input of several columns: its features by name, side by side.
            let spec = signature.inputs[0]
            let cells = try rows.flatMap { row in try signature.featureNames.map { try feature($0, row) } }
            var tensor = try Tensor(name: spec.name, type: spec.type, rows: cells, reading: .converted)
            tensor.shape = [rows.count, signature.featureNames.count]
            inputs = [tensor]
        }
    }

    private static func namesInputs(_ signature: ModelSignature) -> Bool {
        signature.inputs.count > 1 || signature.featureNames == signature.inputs.map(\.name)
    }

    private static func check(_ rows: [JSONCursor], _ context: JSONCursor?, _ signature: ModelSignature) throws {
        let known = namesInputs(signature) ? signature.inputs.map(\.name) : signature.featureNames
        for object in rows + [context].compactMap({ $0 }) where !object.isNull {
            guard object.kind == .object else { throw JidokaError.invalidArgument("each of `examples` must be an object of features") }
            try object.forEachMember { name, _ in
                if known.contains(name) { return }
                throw JidokaError.invalidArgument(
                    "unexpected feature '\(name)'",
                    hint: nearestName(to: name, among: known).map { "did you mean `\($0)`?" } ?? "the model takes "
                        + known.prefix(20).joined(separator: ", "))
            }
        }
    }
}

/// `{"results": …}`: for each example all classes as `[label, score]`, or one number.
enum ExampleResults {
    /// - Throws: `failed_precondition` for a model without probabilities: its answers are no classification.
    static func classified(_ answer: InferenceAnswer) throws -> [UInt8] {
        let found = answer.outputs.tensors.first { isFloating($0) && $0.shape.count == 2 && $0.shape[1] > 1 }
        guard let scores = found, scores.rows > 0 else {
            throw JidokaError.failedPrecondition(
                "the model gives no probabilities of classes: it cannot be asked with :classify", hint: "ask it with :predict")
        }
        let width = scores.storedCount / scores.rows
        let labels = answer.signature.classLabels.flatMap { $0.count == width ? $0 : nil } ?? (0..<width).map(String.init)
        return list(rows: scores.rows) { row, out in
            out.append(0x5B)
            for column in 0..<width {
                out += Array(column > 0 ? ",[".utf8 : "[".utf8) + JSONValue.string(labels[column]).serialized + [0x2C]
                scores.appendJSON(element: row * width + column, to: &out)
                out.append(0x5D)
            }
            out.append(0x5D)
        }
    }

    /// - Throws: `failed_precondition` for a model without an output of one number a row.
    static func regressed(_ answer: InferenceAnswer) throws -> [UInt8] {
        guard let values = answer.outputs.tensors.first(where: { isFloating($0) && $0.storedCount == $0.rows }) else {
            throw JidokaError.failedPrecondition(
                "the model gives no single number a row: it cannot be asked with :regress", hint: "ask it with :predict or :classify")
        }
        return list(rows: values.rows) { row, out in values.appendJSON(element: row, to: &out) }
    }

    private static func isFloating(_ tensor: Tensor) -> Bool { [.fp32, .fp64].contains(tensor.type) }

    private static func list(rows: Int, _ write: (Int, inout [UInt8]) -> Void) -> [UInt8] {
        var out: [UInt8] = Array("{\"results\":[".utf8)
        for row in 0..<rows {
            if row > 0 { out.append(0x2C) }
            write(row, &out)
        }
        return out + Array("]}".utf8)
    }
}
