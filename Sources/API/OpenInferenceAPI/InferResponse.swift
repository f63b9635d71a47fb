import Errors
import HTTP
import JSON
import Serving

/// The answer of `infer`: JSON, or JSON followed by binary tensors when the caller asked for at least one.
func inferResponse(_ answer: InferenceAnswer, to request: InferRequest, endpoint: String) throws -> HTTPResponse {
    let outputs = try chosen(answer, request)
    var writer = JSONWriter(capacity: 512)
    writer.beginObject()
    if let id = request.id {
        writer.key("id")
        writer.value(id)
    }
    writer.key("model_name")
    writer.value(endpoint)
    writer.key("model_version")
    writer.value(answer.version)
    writer.key("parameters")
    writer.beginObject()
    writer.key("prediction_id")
    writer.value(answer.predictionID)
    writer.key("route")
    writer.value(answer.route.rawValue)
    writer.key("jidoka_model_version")
    writer.value(answer.version)
    writer.endObject()
    writer.key("outputs")
    writer.beginArray()
    for (tensor, binary) in outputs { write(tensor, binary: binary, to: &writer) }
    writer.endArray()
    writer.endObject()

    var headers: HTTPHeaders = [
        "x-jidoka-prediction-id": answer.predictionID, "x-jidoka-model-version": answer.version, "x-jidoka-route": answer.route.rawValue,
    ]
    guard outputs.contains(where: \.binary) else {
        headers.fields.append((name: "Content-Type", value: "application/json"))
        return HTTPResponse(headers: headers, body: .bytes(writer.bytes))
    }
    var body = writer.bytes
    headers.fields.append((name: "Content-Type", value: "application/octet-stream"))
    headers.fields.append((name: "Inference-Header-Content-Length", value: String(body.count)))
    body.reserveCapacity(body.count + outputs.reduce(0) { $0 + ($1.binary ? $1.tensor.blobSize : 0) })
    for (tensor, binary) in outputs where binary { tensor.appendBlob(to: &body) }
    return HTTPResponse(headers: headers, body: .bytes(body))
}

/// The outputs that were asked for, in the order in which they were, and whether each goes as binary.
private func chosen(_ answer: InferenceAnswer, _ request: InferRequest) throws -> [(tensor: Tensor, binary: Bool)] {
    guard let wanted = request.outputs else { return answer.outputs.tensors.map { ($0, request.binaryOutputs) } }
    return try wanted.map { output in
        guard let tensor = answer.outputs[output.name] else { throw unknownOutput(output.name, answer.signature) }
        let binary = output.binary ?? request.binaryOutputs
        guard let k = output.topClasses else { return (tensor, binary) }
        return (try topClasses(k, of: tensor, labels: answer.signature.classLabels), binary)
    }
}

func unknownOutput(_ name: String, _ signature: ModelSignature) -> JidokaError {
    .invalidArgument(
        "unexpected inference output '\(name)'", hint: "the model gives " + signature.outputs.map { "`\($0.name)`" }.joined(separator: ", ")
    )
}

private func write(_ tensor: Tensor, binary: Bool, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.key("name")
    writer.value(tensor.name)
    writer.key("datatype")
    writer.value(tensor.type.rawValue)
    writer.key("shape")
    writer.beginArray()
    for size in tensor.shape { writer.value(size) }
    writer.endArray()
    if binary {
        writer.key("parameters")
        writer.beginObject()
        writer.key("binary_data_size")
        writer.value(tensor.blobSize)
        writer.endObject()
    } else {
        writer.key("data")
        write(elements: tensor, to: &writer)
    }
    writer.endObject()
}

/// All elements as one flat list; the types that come in large numbers are written in one pass.
private func write(elements tensor: Tensor, to writer: inout JSONWriter) {
    if case .floats(let floats) = tensor.storage { return writer.value(floats: floats) }
    let written: Bool? = tensor.withUnsafeBytes { raw in
        // `[UInt8]` storage is aligned for every element type.
        switch tensor.type {
        case .fp64: writer.value(doubles: raw.bindMemory(to: Double.self))
        case .int64: writer.value(integers: raw.bindMemory(to: Int64.self))
        default: return false
        }
        return true
    }
    if written == true { return }
    var data: [UInt8] = [0x5B]
    tensor.appendJSON(elements: 0..<tensor.storedCount, to: &data)
    data.append(0x5D)
    writer.raw(data)
}

/// The classification extension: the K largest elements of each row as `value:index` or `value:index:label`.
private func topClasses(_ k: Int, of tensor: Tensor, labels: [String]?) throws -> Tensor {
    guard k > 0, tensor.type != .bytes, tensor.rows > 0 else {
        throw JidokaError.invalidArgument(
            "output '\(tensor.name)' cannot be classified", hint: "`classification` is a number above 0, for numbers")
    }
    let width = tensor.storedCount / tensor.rows
    var texts: [String] = []
    for row in 0..<tensor.rows {
        let scores = (0..<width).map { tensor.number(at: row * width + $0) ?? .nan }
        let best = (0..<width).sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }.prefix(k)
        for index in best {
            var text: [UInt8] = []
            tensor.appendJSON(element: row * width + index, to: &text)
            let label = labels.flatMap { $0.count == width ? ":" + $0[index] : nil } ?? ""
            texts.append("\(String(decoding: text, as: UTF8.self)):\(index)\(label)")
        }
    }
    return Tensor(name: tensor.name, shape: [tensor.rows, min(k, width)], strings: texts)
}
