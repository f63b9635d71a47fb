import Protobuf
import Serving

/// The answer of `ModelInfer`, a `ModelInferResponse`: tensors are raw always, as Triton sends them.
func protobufResponse(
    _ answer: InferenceAnswer, to asked: ProtobufInferRequest, regions: SharedRegions
) throws -> [UInt8] {
    let outputs = try chosen(answer, asked.request)
    let size = outputs.reduce(0) { $0 + $1.tensor.blobSize }
    var writer = WireWriter(capacity: size + 512)
    writer.string(1, asked.model)
    writer.string(2, answer.version)
    if let id = asked.request.id { writer.string(3, id) }
    write("prediction_id", .string(answer.predictionID), 4, to: &writer)
    write("route", .string(answer.route.rawValue), 4, to: &writer)
    if asked.wantsFinalMark { write("triton_final_response", .bool(true), 4, to: &writer) }
    for (tensor, _, place) in outputs {
        let bytes = tensor.blobSize
        if let place { try regions.write(tensor, to: place) }
        writer.message(5) { output in
            output.string(1, tensor.name)
            output.string(2, tensor.type.rawValue)
            output.packed(3, tensor.shape.lazy.map(Int64.init))
            guard let place else { return }
            write("shared_memory_region", .string(place.region), 4, to: &output)
            write("shared_memory_byte_size", .int(Int64(bytes)), 4, to: &output)
            if place.offset > 0 { write("shared_memory_offset", .int(Int64(place.offset)), 4, to: &output) }
        }
    }
    for (tensor, _, place) in outputs {
        // Clients count: one that went to shared memory has an empty place here.
        writer.blob(6, count: place == nil ? tensor.blobSize : 0) { if place == nil { tensor.appendBlob(to: &$0) } }
    }
    return writer.bytes
}

/// One entry of a map of `InferParameter`s.
private func write(_ name: String, _ value: InferParameter, _ number: Int, to writer: inout WireWriter) {
    writer.message(number) { entry in
        entry.string(1, name)
        entry.message(2) { choice in
            switch value {
            case .bool(let flag): choice.bool(1, flag)
            case .int(let whole): choice.int(2, whole)
            case .string(let text): choice.string(3, text)
            case .double(let real): choice.double(4, real)
            }
        }
    }
}
