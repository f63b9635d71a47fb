import Errors
import Protobuf
import RPC
import Serving

/// A `ModelInferRequest`, decoded.
struct ProtobufInferRequest {
    var model = ""
    /// nil: the one that the traffic plan chooses.
    var version: String?
    var request = InferRequest(inputs: [])
    /// Whether the answer says that no other follows (`triton_final_response`).
    var wantsFinalMark = false

    /// Reads the message where it lies; each tensor is copied once.
    init(_ message: RPCMessage, regions: SharedRegions) throws {
        self = try message.read { reader in try ProtobufInferRequest(&reader, regions) }
    }

    init(_ reader: inout WireReader, _ regions: SharedRegions) throws {
        var inputs: [Input] = []
        var raw: [UnsafeBufferPointer<UInt8>] = []
        var outputs: [InferRequest.Output] = []
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, .bytes): model = try reader.string()
            case (2, .bytes): version = try reader.string()
            case (3, .bytes):
                let id = try reader.string()
                request.id = id.isEmpty ? nil : id
            case (4, .bytes): try take(try InferParameter.entry(&reader))
            case (5, .bytes): inputs.append(try reader.message { try Input(&$0) })
            case (6, .bytes): outputs.append(try reader.message { try ProtobufInferRequest.output(&$0) })
            case (7, .bytes): raw.append(try reader.slice())
            default: try reader.skip(field)
            }
        }
        if version?.isEmpty ?? false { version = nil }
        if !outputs.isEmpty { request.outputs = outputs }
        request.inputs = try tensors(inputs, raw, regions)
    }

    private mutating func take(_ parameter: (name: String, value: InferParameter?)) throws {
        switch parameter.name {
        case "timeout": request.timeout = parameter.value?.integer.flatMap { $0 > 0 ? Int($0) : nil }
        case "triton_enable_empty_final_response": wantsFinalMark = parameter.value == .bool(true)
        default: break
        }
    }

    private static func output(_ reader: inout WireReader) throws -> InferRequest.Output {
        var output = InferRequest.Output(name: "", binary: true)
        var place = SharedPlace.Parameters()
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, .bytes): output.name = try reader.string()
            case (2, .bytes):
                let (name, value) = try InferParameter.entry(&reader)
                if name == "classification" { output.topClasses = value?.integer.map { Int(clamping: $0) } }
                place.take(name, value)
            default: try reader.skip(field)
            }
        }
        output.place = try place.place(of: output.name)
        return output
    }

    private struct Input {
        var name = ""
        var datatype = ""
        var shape: [Int] = []
        var contents: TypedContents?
        var place: SharedPlace?

        init(_ reader: inout WireReader) throws {
            var place = SharedPlace.Parameters()
            while let field = try reader.next() {
                switch (field.number, field.type) {
                case (1, .bytes): name = try reader.string()
                case (2, .bytes): datatype = try reader.string()
                case (3, .bytes), (3, .varint): try reader.repeated(field, into: &shape) { Int(Int64(bitPattern: try $0.varint())) }
                case (4, .bytes):
                    let (name, value) = try InferParameter.entry(&reader)
                    place.take(name, value)
                case (5, .bytes): contents = try reader.message { try TypedContents(&$0) }
                default: try reader.skip(field)
                }
            }
            self.place = try place.place(of: name)
        }
    }

    /// Raw contents, when there are any, are those of all inputs that do not lie in shared memory, in order.
    private func tensors(_ inputs: [Input], _ raw: [UnsafeBufferPointer<UInt8>], _ regions: SharedRegions) throws -> [Tensor] {
        var rest = raw[...]
        let tensors = try inputs.map { input in
            let type = try tensorType(input.datatype, of: input.name)
            guard input.shape.allSatisfy({ (0...Int(Int32.max)).contains($0) }) else {
                throw JidokaError.invalidArgument("input '\(input.name)' has an impossible shape")
            }
            func tensor(_ blob: UnsafeRawBufferPointer) throws -> Tensor {
                try Tensor(name: input.name, type: type, shape: input.shape, blob: blob)
            }
            if let place = input.place { return try regions.read(place, tensor) }
            if raw.isEmpty {
                return try (input.contents ?? TypedContents()).tensor(named: input.name, type: type, shape: input.shape)
            }
            guard input.contents == nil else {
                throw JidokaError.invalidArgument(
                    "contents field must not be specified when using raw_input_contents for '\(input.name)' for model '\(model)'")
            }
            guard let blob = rest.popFirst() else {
                throw JidokaError.invalidArgument("there are \(raw.count) raw_input_contents, none for input '\(input.name)'")
            }
            return try tensor(UnsafeRawBufferPointer(blob))
        }
        guard rest.isEmpty else {
            throw JidokaError.invalidArgument(
                "there are \(raw.count) raw_input_contents, \(rest.count) more than inputs for model '\(model)'")
        }
        return tensors
    }
}

/// The value of an entry of `parameters`.
enum InferParameter: Equatable {
    case bool(Bool)
    case int(Int64)
    case string(String)
    case double(Double)

    var integer: Int64? { if case .int(let value) = self { value } else { nil } }

    static func entry(_ reader: inout WireReader) throws -> (name: String, value: InferParameter?) {
        try reader.message { entry in
            var name = ""
            var value: InferParameter?
            while let field = try entry.next() {
                switch (field.number, field.type) {
                case (1, .bytes): name = try entry.string()
                case (2, .bytes): value = try entry.message { try InferParameter(&$0) }
                default: try entry.skip(field)
                }
            }
            return (name, value)
        }
    }

    private init?(_ reader: inout WireReader) throws {
        var found: InferParameter?
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, .varint): found = .bool(try reader.varint() != 0)
            case (2, .varint): found = .int(Int64(bitPattern: try reader.varint()))
            case (3, .bytes): found = .string(try reader.string())
            case (4, .fixed64): found = .double(try reader.double())
            case (5, .varint): found = .int(Int64(clamping: try reader.varint()))
            default: try reader.skip(field)
            }
        }
        guard let found else { return nil }
        self = found
    }
}
