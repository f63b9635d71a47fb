import Errors
import HTTP
import Protobuf
package import RPC
package import Serving

/// `tensorflow.serving.PredictionService` (Predict, GetModelMetadata) and `tensorflow.serving.ModelService` (GetModelStatus), for clients
/// of TensorFlow-Serving's gRPC (tensorflow_serving/apis).
package struct TensorFlowServingRPC: Sendable {
    private let serving: ServingService

    package init(serving: ServingService) { self.serving = serving }

    package var methods: [RPCMethod] {
        [
            RPCMethod("/tensorflow.serving.PredictionService/Predict", permission: .read, .unary { try await predict($0, $1) }),
            RPCMethod(
                "/tensorflow.serving.PredictionService/GetModelMetadata", permission: .read,
                .unary { message, _ in try await metadata(message) }),
            RPCMethod(
                "/tensorflow.serving.ModelService/GetModelStatus", permission: .read, .unary { message, _ in try await status(message) }),
        ]
    }

    // MARK: Predict

    private func predict(_ message: RPCMessage, _ call: RPCCall) async throws -> [UInt8] {
        let (spec, inputs, wanted) = try message.read { reader in
            var spec = ModelSpec()
            var inputs: [Tensor] = []
            var wanted: [String] = []
            while let field = try reader.next() {
                switch (field.number, field.type) {
                case (1, .bytes): spec = try reader.message { try ModelSpec(&$0) }
                case (2, .bytes): inputs.append(try reader.message { try TensorFlowServingRPC.input(&$0) })
                case (3, .bytes): wanted.append(try reader.string())
                default: try reader.skip(field)
                }
            }
            return (spec, inputs, wanted)
        }
        let version = try await spec.chosen(serving)
        let known = try serving.model(spec.name, version: version).signature.outputs.map(\.name)
        if let unknown = wanted.first(where: { !known.contains($0) }) {
            throw JidokaError.invalidArgument(
                "output tensor alias not found in signature: \(unknown)", hint: "the model gives " + known.joined(separator: ", "))
        }
        let answer = try await serving.infer(
            InferenceCall(
                endpoint: spec.name, version: version, inputs: inputs, unit: call.metadata("x-jidoka-unit"),
                timeoutMicroseconds: call.microsecondsLeft))
        var writer = WireWriter()
        for tensor in answer.outputs.tensors where wanted.isEmpty || wanted.contains(tensor.name) {
            writer.message(1) { entry in
                entry.string(1, tensor.name)
                entry.message(2) { TensorProto.write(tensor, to: &$0) }
            }
        }
        writer.message(2) { ModelSpec.write(spec.name, version: answer.version, signature: spec.signature, to: &$0) }
        return writer.bytes
    }

    private static func input(_ reader: inout WireReader) throws -> Tensor {
        // The name stands first in what clients write; were it last, the tensor is named at the end.
        var name = ""
        var tensor: Tensor?
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, .bytes): name = try reader.string()
            case (2, .bytes): tensor = try reader.message { try TensorProto.read(&$0, name: name) }
            default: try reader.skip(field)
            }
        }
        guard var tensor else { throw JidokaError.invalidArgument("input '\(name)' has no tensor") }
        tensor.name = name
        return tensor
    }

    // MARK: GetModelMetadata

    private func metadata(_ message: RPCMessage) async throws -> [UInt8] {
        let (spec, fields) = try TensorFlowServingRPC.asked(message)
        if let unknown = fields.first(where: { $0 != "signature_def" }) {
            throw JidokaError.invalidArgument("Metadata field \(unknown) is not supported", hint: "ask for `signature_def`")
        }
        guard !fields.isEmpty else { throw JidokaError.invalidArgument("GetModelMetadataRequest must specify at least one metadata_field") }
        let model = try serving.model(spec.name, version: try await spec.chosen(serving))
        var definition = WireWriter()
        definition.message(1) { entry in
            entry.string(1, "serving_default")
            entry.message(2) { signature in
                for spec in model.signature.inputs { TensorFlowServingRPC.write(spec, 1, to: &signature) }
                for spec in model.signature.outputs { TensorFlowServingRPC.write(spec, 2, to: &signature) }
                signature.string(3, "tensorflow/serving/predict")
            }
        }
        var writer = WireWriter()
        writer.message(1) { ModelSpec.write(model.endpoint, version: model.version, signature: "", to: &$0) }
        writer.message(2) { entry in
            entry.string(1, "signature_def")
            entry.message(2) { any in
                any.string(1, "type.googleapis.com/tensorflow.serving.SignatureDefMap")
                any.blob(2, definition.bytes)
            }
        }
        return writer.bytes
    }

    /// An entry of a signature's inputs or outputs: the name, and a `TensorInfo`.
    private static func write(_ spec: TensorSpec, _ number: Int, to writer: inout WireWriter) {
        writer.message(number) { entry in
            entry.string(1, spec.name)
            entry.message(2) { info in
                info.string(1, spec.name)
                info.varint(2, DataType.number(spec.type))
                info.message(3) { shape in
                    for size in spec.shape { shape.message(2) { if size != 0 { $0.int(1, Int64(size)) } } }
                }
            }
        }
    }

    /// The model, and further texts of a request: `metadata_field`.
    private static func asked(_ message: RPCMessage) throws -> (ModelSpec, [String]) {
        try message.read { reader in
            var spec = ModelSpec()
            var texts: [String] = []
            while let field = try reader.next() {
                switch (field.number, field.type) {
                case (1, .bytes): spec = try reader.message { try ModelSpec(&$0) }
                case (2, .bytes): texts.append(try reader.string())
                default: try reader.skip(field)
                }
            }
            return (spec, texts)
        }
    }

    // MARK: GetModelStatus

    /// States of `ModelVersionStatus`.
    private static let available: Int64 = 30
    private static let end: Int64 = 50

    private func status(_ message: RPCMessage) async throws -> [UInt8] {
        let (spec, _) = try TensorFlowServingRPC.asked(message)
        let wanted = try await spec.chosen(serving)
        let endpoint = try serving.description(of: spec.name)
        var writer = WireWriter()
        func tell(_ version: String, _ state: Int64, _ failure: String?) {
            writer.message(1) { status in
                status.int(1, Int64(version) ?? 0)
                status.int(2, state)
                status.message(3) { inner in
                    guard let failure else { return }
                    inner.int(1, Int64(RPCStatus.Code.failedPrecondition.rawValue))
                    inner.string(2, failure)
                }
            }
        }
        for model in endpoint.versions where wanted == nil || wanted == model.version {
            tell(model.version, TensorFlowServingRPC.available, nil)
        }
        for (version, why) in endpoint.unavailable.sorted(by: { $0.key < $1.key }) where wanted == nil || wanted == version {
            tell(version, TensorFlowServingRPC.end, why)
        }
        if writer.bytes.isEmpty, let wanted {
            throw JidokaError.notFound("Could not find version \(wanted) of model \(spec.name)")
        }
        return writer.bytes
    }
}

/// `ModelSpec`: which model, which version (by number or label), which signature.
private struct ModelSpec {
    var name = ""
    var version: String?
    var label: String?
    var signature = ""

    init() {}

    init(_ reader: inout WireReader) throws {
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, .bytes): name = try reader.string()
            case (2, .bytes):
                version = String(try reader.message { try TensorProto.firstNumber(&$0) })
            case (3, .bytes): signature = try reader.string()
            case (4, .bytes): label = try reader.string()
            default: try reader.skip(field)
            }
        }
    }

    /// nil: the one that the traffic plan chooses.
    func chosen(_ serving: ServingService) async throws -> String? {
        guard signature.isEmpty || signature == "serving_default" else {
            throw JidokaError.invalidArgument(
                "Serving signature name: \"\(signature)\" not found in signature def", hint: "models here have `serving_default`")
        }
        guard let label, !label.isEmpty else { return version }
        return try await serving.version(of: name, labelled: label)
    }

    static func write(_ name: String, version: String, signature: String, to writer: inout WireWriter) {
        writer.string(1, name)
        if let number = Int64(version) { writer.message(2) { $0.int(1, number) } }
        if !signature.isEmpty { writer.string(3, signature) }
    }
}
