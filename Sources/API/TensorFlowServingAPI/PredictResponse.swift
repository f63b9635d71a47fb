import JSON
import Serving

/// `predictions`, one entry a row, or `outputs`, one tensor a name; with a single output the names fall away.
func predictBody(_ answer: InferenceAnswer, form: PredictRequest.Form) -> [UInt8] {
    let outputs = answer.outputs.tensors
    var body: [UInt8] = Array((form == .rows ? "{\"predictions\":" : "{\"outputs\":").utf8)
    switch form {
    case .rows:
        body.append(0x5B)
        for row in 0..<(outputs.first?.rows ?? 0) {
            if row > 0 { body.append(0x2C) }
            append(outputs, to: &body) { tensor, body in tensor.appendNestedJSON(row: row, to: &body, element: appendElement) }
        }
        body.append(0x5D)
    case .columns: append(outputs, to: &body) { tensor, body in tensor.appendNestedJSON(to: &body, element: appendElement) }
    }
    body.append(0x7D)
    return body
}

/// A bare value when there is one output, else an object keyed by their names.
private func append(_ outputs: [Tensor], to body: inout [UInt8], _ value: (Tensor, inout [UInt8]) -> Void) {
    if outputs.count == 1 { return value(outputs[0], &body) }
    body.append(0x7B)
    for (index, tensor) in outputs.enumerated() {
        if index > 0 { body.append(0x2C) }
        body.append(contentsOf: JSONValue.string(tensor.name).serialized)
        body.append(0x3A)
        value(tensor, &body)
    }
    body.append(0x7D)
}

/// Texts of outputs whose name ends with `_bytes`, and only those, are base64: TensorFlow-Serving's convention.
private func appendElement(_ tensor: Tensor, _ index: Int, to body: inout [UInt8]) {
    if tensor.name.hasSuffix("_bytes"), case .strings(let elements) = tensor.storage {
        body.append(contentsOf: "{\"b64\":\"".utf8)
        body.append(contentsOf: Base64.encode(elements[index]).utf8)
        body.append(contentsOf: "\"}".utf8)
    } else {
        tensor.appendJSON(element: index, to: &body)
    }
}
