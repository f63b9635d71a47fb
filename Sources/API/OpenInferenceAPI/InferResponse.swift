import HTTP
import JSON
import Serving

/// The answer of `infer`: JSON, or JSON followed by binary tensors when the caller asked for at least one.
func inferResponse(_ answer: InferenceAnswer, to request: InferRequest, endpoint: String, regions: SharedRegions) throws -> HTTPResponse {
    let outputs = try chosen(answer, request)
    for output in outputs { if let place = output.place { try regions.write(output.tensor, to: place) } }
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
    for output in outputs { write(output.tensor, binary: output.binary, place: output.place, to: &writer) }
    writer.endArray()
    writer.endObject()

    var headers: HTTPHeaders = [
        "x-jidoka-prediction-id": answer.predictionID, "x-jidoka-model-version": answer.version, "x-jidoka-route": answer.route.rawValue,
    ]
    let blobs = outputs.filter { $0.binary && $0.place == nil }
    guard !blobs.isEmpty else {
        headers.fields.append((name: "Content-Type", value: "application/json"))
        return HTTPResponse(headers: headers, body: .bytes(writer.bytes))
    }
    var body = writer.bytes
    headers.fields.append((name: "Content-Type", value: "application/octet-stream"))
    headers.fields.append((name: "Inference-Header-Content-Length", value: String(body.count)))
    body.reserveCapacity(body.count + blobs.reduce(0) { $0 + $1.tensor.blobSize })
    for blob in blobs { blob.tensor.appendBlob(to: &body) }
    return HTTPResponse(headers: headers, body: .bytes(body))
}

private func write(_ tensor: Tensor, binary: Bool, place: SharedPlace?, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.key("name")
    writer.value(tensor.name)
    writer.key("datatype")
    writer.value(tensor.type.rawValue)
    writer.key("shape")
    writer.beginArray()
    for size in tensor.shape { writer.value(size) }
    writer.endArray()
    if let place {
        writer.key("parameters")
        writer.beginObject()
        writer.key("shared_memory_region")
        writer.value(place.region)
        if place.offset > 0 {
            writer.key("shared_memory_offset")
            writer.value(place.offset)
        }
        writer.key("shared_memory_byte_size")
        writer.value(tensor.blobSize)
        writer.endObject()
    } else if binary {
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
