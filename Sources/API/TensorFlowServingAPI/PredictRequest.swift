import Errors
import JSON
import Serving

/// A request of `:predict`, decoded to the datatypes of the model's inputs: JSON has one kind of number.
struct PredictRequest {
    enum Form {
        /// `instances` and `predictions`: one value, list or object a row.
        case rows
        /// `inputs` and `outputs`: one tensor, or one for each name.
        case columns
    }
    var form: Form
    var inputs: [Tensor]

    init(_ body: [UInt8], signature: ModelSignature) throws {
        guard case .object(let request) = try JSONValue.parse(body) else {
            throw JidokaError.invalidArgument("the request must be a JSON object")
        }
        switch (request["instances"], request["inputs"]) {
        case (.some, .some): throw JidokaError.invalidArgument("send `instances` or `inputs`, not both")
        case (nil, nil):
            throw JidokaError.invalidArgument(
                "Missing 'inputs' or 'instances' key", hint: #"{"instances": [[…], …]} or {"inputs": {name: tensor}}"#)
        case (let instances?, nil):
            form = .rows
            inputs = try PredictRequest.fromRows(instances, signature)
        case (nil, let tensors?):
            form = .columns
            inputs = try PredictRequest.fromColumns(tensors, signature)
        }
    }

    private static func fromRows(_ instances: JSONValue, _ signature: ModelSignature) throws -> [Tensor] {
        guard case .array(let rows) = instances, !rows.isEmpty else {
            throw JidokaError.invalidArgument("`instances` must be a list with at least one row")
        }
        // {"b64": …} is one string, not a row of named values.
        guard case .object(let first) = rows[0], first["b64"] == nil || first.count > 1 else {
            return [try tensor(instances, try single(signature, "instances"))]
        }
        try refuseUnknown(first.keys, signature)
        return try signature.inputs.map { spec in
            let column = try rows.map { row in
                guard let cell = row[spec.name] else { throw JidokaError.invalidArgument("an instance has no input '\(spec.name)'") }
                return cell
            }
            return try tensor(.array(column), spec)
        }
    }

    private static func fromColumns(_ tensors: JSONValue, _ signature: ModelSignature) throws -> [Tensor] {
        guard case .object(let named) = tensors, named["b64"] == nil || named.count > 1 else {
            return [try tensor(tensors, try single(signature, "inputs"))]
        }
        try refuseUnknown(named.keys, signature)
        return try signature.inputs.map { spec in
            guard let column = named[spec.name] else { throw JidokaError.invalidArgument("input '\(spec.name)' is missing") }
            return try tensor(column, spec)
        }
    }

    private static func refuseUnknown(_ names: [String], _ signature: ModelSignature) throws {
        let known = signature.inputs.map(\.name)
        for name in names where !known.contains(name) {
            throw JidokaError.invalidArgument(
                "unexpected input '\(name)'",
                hint: nearestName(to: name, among: known).map { "did you mean `\($0)`?" } ?? "the model takes "
                    + known.joined(separator: ", "))
        }
    }

    private static func single(_ signature: ModelSignature, _ key: String) throws -> TensorSpec {
        guard signature.inputs.count == 1 else {
            throw JidokaError.invalidArgument(
                "the model has \(signature.inputs.count) inputs: name each one in `\(key)`",
                hint: "the model takes " + signature.inputs.map(\.name).joined(separator: ", "))
        }
        return signature.inputs[0]
    }

    /// The tensor that nested lists describe. A list of plain values also fits an input of one column.
    private static func tensor(_ json: JSONValue, _ spec: TensorSpec) throws -> Tensor {
        var shape: [Int] = []
        try measure(json, depth: 0, &shape, spec.name)
        if shape.count + 1 == spec.shape.count, let last = spec.shape.last, last == 1 || last == -1 { shape.append(1) }
        return try Tensor(name: spec.name, type: spec.type, shape: shape, json: json, reading: .converted)
    }

    /// Lists at one depth all have one length.
    private static func measure(_ json: JSONValue, depth: Int, _ shape: inout [Int], _ name: String) throws {
        guard case .array(let items) = json else {
            guard depth == shape.count else { throw ragged(name) }
            return
        }
        if depth == shape.count {
            shape.append(items.count)
        } else if depth > shape.count || shape[depth] != items.count {
            throw ragged(name)
        }
        var first = true
        for item in items {
            // The first item may open a new depth; the others must follow it.
            if !first, case .array = item, depth + 1 == shape.count { throw ragged(name) }
            try measure(item, depth: depth + 1, &shape, name)
            first = false
        }
    }

    private static func ragged(_ name: String) -> JidokaError {
        .invalidArgument("input '\(name)' has lists of different lengths", hint: "all rows of a tensor have the same shape")
    }
}
