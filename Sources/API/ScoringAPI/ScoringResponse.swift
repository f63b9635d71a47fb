import HTTP
import JSON
import Serving

/// `{"predictions": …}`: one list for a model with one unnamed output, records for a table that was answered by columns, else one list for
/// each output's name.
func scoringResponse(_ answer: InferenceAnswer, asTable: Bool) -> HTTPResponse {
    let outputs = answer.outputs.tensors
    var body = Array("{\"predictions\":".utf8)
    if outputs.count == 1, outputs[0].name == "predictions" {
        outputs[0].appendNestedJSON(to: &body)
    } else if asTable, outputs.allSatisfy({ $0.shape.count == 1 }) {
        list(0..<answer.outputs.rows, to: &body) { row, body in
            object(outputs, to: &body) { $0.appendNestedJSON(row: row, to: &$1) }
        }
    } else {
        object(outputs, to: &body) { $0.appendNestedJSON(to: &$1) }
    }
    body.append(0x7D)
    return HTTPResponse(headers: facts(answer), body: .bytes(body))
}

/// `predictions` of the first output, and the version that made them.
func predictResponse(_ answer: InferenceAnswer) -> HTTPResponse {
    var body = Array("{\"predictions\":".utf8)
    answer.outputs.tensors.first?.appendNestedJSON(to: &body)
    body += ",\"model_version\":".utf8
    body += JSONValue.string(answer.version).serialized
    body += ",\"prediction_id\":".utf8
    body += JSONValue.string(answer.predictionID).serialized
    body.append(0x7D)
    return HTTPResponse(headers: facts(answer), body: .bytes(body))
}

private func facts(_ answer: InferenceAnswer) -> HTTPHeaders {
    [
        "content-type": "application/json", "x-jidoka-prediction-id": answer.predictionID, "x-jidoka-model-version": answer.version,
        "x-jidoka-route": answer.route.rawValue,
    ]
}

private func list(_ rows: Range<Int>, to body: inout [UInt8], _ write: (Int, inout [UInt8]) -> Void) {
    body.append(0x5B)
    for row in rows {
        if row > 0 { body.append(0x2C) }
        write(row, &body)
    }
    body.append(0x5D)
}

private func object(_ outputs: [Tensor], to body: inout [UInt8], _ write: (Tensor, inout [UInt8]) -> Void) {
    body.append(0x7B)
    for (index, tensor) in outputs.enumerated() {
        if index > 0 { body.append(0x2C) }
        body += JSONValue.string(tensor.name).serialized
        body.append(0x3A)
        write(tensor, &body)
    }
    body.append(0x7D)
}
