import Errors
import HTTP
import JSON
import Serving

extension InferRequest {
    /// Decodes a body that is JSON, JSON followed by binary tensors, or one raw tensor (`Inference-Header-Content-Length: 0`).
    /// - Parameter signature: asked for only by a raw request, whose one input has no description of its own.
    init(_ body: [UInt8], headerLength: String?, regions: SharedRegions, signature: () throws -> ModelSignature) throws {
        guard let headerLength else {
            self = try InferRequest(json: try JSONDocument(body).root, blobs: nil, regions)
            return
        }
        guard let length = Int(headerLength), length >= 0, length <= body.count else {
            throw JidokaError.invalidArgument(
                "Inference-Header-Content-Length `\(headerLength)` is not between 0 and the body's \(body.count) bytes")
        }
        if length == 0 {
            self.init(inputs: [try rawTensor(body, try signature())], binaryOutputs: true)
            return
        }
        self = try InferRequest(json: try JSONDocument(Array(body[..<length])).root, blobs: body[length...], regions)
    }

    private init(json request: JSONCursor, blobs: ArraySlice<UInt8>?, _ regions: SharedRegions) throws {
        guard request.kind == .object else { throw JidokaError.invalidArgument("the request must be a JSON object") }
        guard let items = request["inputs"], items.kind == .array else {
            throw JidokaError.invalidArgument(
                "the request has no list `inputs`", hint: #"{"inputs": [{"name", "shape", "datatype", "data"}]}"#)
        }
        var blobs = BlobReader(blobs ?? [])
        self.init(id: try InferRequest.id(request["id"]), inputs: try items.elements.map { try InferRequest.tensor($0, &blobs, regions) })
        try blobs.finish()
        let parameters = request["parameters"]
        binaryOutputs = parameters?["binary_data_output"]?.bool ?? false
        timeout = parameters?["timeout"]?.int.flatMap { $0 > 0 ? Int($0) : nil }
        if let wanted = request["outputs"], wanted.count > 0 { outputs = try wanted.elements.map(InferRequest.output) }
    }

    private static func id(_ value: JSONCursor?) throws -> String? {
        guard let value, !value.isNull else { return nil }
        if let text = value.string { return text }
        guard value.kind == .int, let number = value.int else { throw JidokaError.invalidArgument("`id` must be a string") }
        return String(number)
    }

    private static func output(_ item: JSONCursor) throws -> Output {
        guard let name = item["name"]?.string else { throw JidokaError.invalidArgument("an entry of `outputs` has no `name`") }
        let parameters = item["parameters"]
        return Output(
            name: name, binary: parameters?["binary_data"]?.bool, topClasses: parameters?["classification"]?.int.map { Int(clamping: $0) },
            place: try place(parameters, of: name))
    }

    /// Where in shared memory a tensor lies; nil when it comes with the request.
    private static func place(_ parameters: JSONCursor?, of name: String) throws -> SharedPlace? {
        guard let parameters, let region = parameters["shared_memory_region"]?.string else { return nil }
        var place = SharedPlace.Parameters()
        place.take("shared_memory_region", .string(region))
        for key in ["shared_memory_offset", "shared_memory_byte_size"] {
            if let number = parameters[key]?.int { place.take(key, .int(number)) }
        }
        return try place.place(of: name)
    }

    private static func tensor(_ item: JSONCursor, _ blobs: inout BlobReader, _ regions: SharedRegions) throws -> Tensor {
        guard let name = item["name"]?.string else { throw JidokaError.invalidArgument("an input has no `name`") }
        guard let datatype = item["datatype"]?.string else { throw JidokaError.invalidArgument("input '\(name)' has no `datatype`") }
        let type = try tensorType(datatype, of: name)
        guard let sizes = item["shape"], sizes.kind == .array else {
            throw JidokaError.invalidArgument("input '\(name)' has no list `shape`")
        }
        var shape: [Int] = []
        try sizes.forEachElement { size in
            guard let size = size.int, size >= 0, size <= Int64(Int32.max) else {
                throw JidokaError.invalidArgument("input '\(name)' has an impossible shape")
            }
            shape.append(Int(size))
        }
        let parameters = item["parameters"]
        if let place = try place(parameters, of: name) {
            return try regions.read(place) { try Tensor(name: name, type: type, shape: shape, blob: $0) }
        }
        if let size = parameters?["binary_data_size"] {
            guard let bytes = size.int.flatMap({ Int(exactly: $0) }), bytes >= 0 else {
                throw JidokaError.invalidArgument("input '\(name)' has an impossible `binary_data_size`")
            }
            return try Tensor(name: name, type: type, shape: shape, blob: try blobs.next(bytes, for: name))
        }
        guard let data = item["data"] else {
            throw JidokaError.invalidArgument("input '\(name)' has neither `data` nor `binary_data_size`")
        }
        do { return try Tensor(name: name, type: type, shape: shape, json: data) } catch var error as JidokaError {
            error.message += " in `data`, which is declared as \(type.rawValue)"
            throw error
        }
    }
}

/// Binary tensors after the JSON, in the order of the inputs that have one.
private struct BlobReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func next(_ count: Int, for name: String) throws -> ArraySlice<UInt8> {
        guard count <= rest.count else {
            throw JidokaError.invalidArgument("input '\(name)' announces \(count) binary bytes but the body has \(rest.count) left")
        }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    func finish() throws {
        if !rest.isEmpty { throw JidokaError.invalidArgument("unexpected additional \(rest.count) bytes after the last binary tensor") }
    }
}

/// The single input of a raw request: one row, and its one free dimension from the number of bytes.
private func rawTensor(_ body: [UInt8], _ signature: ModelSignature) throws -> Tensor {
    guard signature.inputs.count == 1, let spec = signature.inputs.first else {
        throw JidokaError.invalidArgument("a raw request is only possible for a model with one input", hint: "send the JSON header as well")
    }
    var shape = spec.shape
    if signature.isBatchable { shape[0] = 1 }
    let free = shape.indices.filter { shape[$0] < 0 }
    guard let width = spec.type.width else {
        for index in free { shape[index] = 1 }
        return Tensor(name: spec.name, type: .bytes, shape: shape, storage: .strings([body]))
    }
    if free.count == 1 {
        let fixed = shape.filter { $0 > 0 }.reduce(1, *)
        shape[free[0]] = body.count / (width * fixed)
    }
    guard free.count <= 1, Tensor.count(of: shape).map({ $0 * width }) == body.count else {
        throw JidokaError.invalidArgument(
            "a raw request of \(body.count) bytes does not fit input '\(spec.name)' of shape \(spec.shape.compact)",
            hint: "send the JSON header as well")
    }
    return try Tensor(name: spec.name, type: spec.type, shape: shape, blob: body[...])
}
