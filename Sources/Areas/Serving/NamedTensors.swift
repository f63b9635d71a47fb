import Errors
package import JSON

/// A model's inputs in the two JSON forms of TensorFlow-Serving (api_rest.md, "Predict API"), which MLflow's scoring has too: decoded to
/// the datatypes of the inputs, because JSON has one kind of number.
package enum NamedTensors {
    /// Rows: plain values or lists for a model of one input, objects keyed by the inputs' names for any.
    package static func fromRows(_ instances: JSONCursor, _ signature: ModelSignature) throws -> [Tensor] {
        guard instances.kind == .array, instances.count > 0 else {
            throw JidokaError.invalidArgument("`instances` must be a list with at least one row")
        }
        var first: JSONCursor?
        instances.forEachElement { if first == nil { first = $0 } }
        guard let first, isNamed(first) else { return [try tensor(instances, try single(signature, "instances"))] }
        try refuseUnknown(first, signature)
        let rows = instances.elements
        return try signature.inputs.map { spec in
            let column = try rows.map { row in
                guard let cell = row[spec.name] else { throw JidokaError.invalidArgument("an instance has no input '\(spec.name)'") }
                return cell
            }
            return fitted(try Tensor(name: spec.name, type: spec.type, rows: column, reading: .converted), to: spec)
        }
    }

    /// One tensor for a model of one input, an object of tensors by name for any.
    package static func fromColumns(_ tensors: JSONCursor, _ signature: ModelSignature) throws -> [Tensor] {
        guard isNamed(tensors) else { return [try tensor(tensors, try single(signature, "inputs"))] }
        try refuseUnknown(tensors, signature)
        return try signature.inputs.map { spec in
            guard let column = tensors[spec.name] else { throw JidokaError.invalidArgument("input '\(spec.name)' is missing") }
            return try tensor(column, spec)
        }
    }

    /// `{"b64": …}` is one text, not an object of named values.
    private static func isNamed(_ value: JSONCursor) -> Bool { value.kind == .object && (value["b64"] == nil || value.count > 1) }

    private static func refuseUnknown(_ object: JSONCursor, _ signature: ModelSignature) throws {
        let known = signature.inputs.map(\.name)
        try object.forEachMember { name, _ in
            if known.contains(name) { return }
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

    private static func tensor(_ json: JSONCursor, _ spec: TensorSpec) throws -> Tensor {
        fitted(try Tensor(name: spec.name, type: spec.type, shape: nil, json: json, reading: .converted), to: spec)
    }

    /// A list of plain values also fits an input of one column.
    private static func fitted(_ tensor: Tensor, to spec: TensorSpec) -> Tensor {
        guard tensor.shape.count + 1 == spec.shape.count, let last = spec.shape.last, last == 1 || last == -1 else { return tensor }
        var column = tensor
        column.shape.append(1)
        return column
    }
}
