import Errors
import HTTP
import JSON
package import Protobuf
package import RPC
import Serving

/// `inference.GRPCInferenceService`: Open Inference v2 over gRPC with all methods of Triton's.
///
/// `ModelInfer` and `ModelStreamInfer` are read and written by hand; all others go through the JSON that HTTP answers with.
extension OpenInference {
    /// The protocol's messages and service.
    package static let schema: ProtoSchema = {
        // The file is a part of this program: a mistake in it shows in every test.
        do { return try ProtoSchema(file: "open_inference.proto", text: PackageResources.open_inference_proto) } catch {
            preconditionFailure("\(error)")
        }
    }()

    package static let service = "inference.GRPCInferenceService"

    /// Whether the service answers, for gRPC's health service.
    package var isServing: Bool { isReady(serving) }

    package var methods: [RPCMethod] {
        statusMethods + modelMethods + repositoryMethods + sharedMemoryMethods + settingMethods + inferenceMethods
    }

    private var inferenceMethods: [RPCMethod] {
        [
            RPCMethod(OpenInference.path("ModelInfer"), permission: .read, .unary { try await infer($0, $1) }),
            RPCMethod(OpenInference.path("ModelStreamInfer"), permission: .read, .streaming { try await streamInfer($0) }),
        ]
    }

    private var statusMethods: [RPCMethod] {
        [
            method("ServerLive") { _ in ["live": true] },
            method("ServerReady") { _ in ["ready": .bool(isReady(serving))] },
            method("ModelReady") { request in
                // Not ready, whatever the reason is: metadata and the index tell it.
                let model = try? serving.model(try name(request), version: version(request))
                return ["ready": .bool(model != nil)]
            },
            method("ServerMetadata") { _ in serverMetadata(self).objectValue ?? [:] },
        ]
    }

    private var modelMethods: [RPCMethod] {
        [
            method("ModelMetadata") { request in
                try metadata(of: try name(request), version: version(request), serving).objectValue ?? [:]
            },
            method("ModelConfig") { request in
                ["config": configuration(try serving.model(try name(request), version: version(request)))]
            },
            method("ModelStatistics") { request in
                try statistics(of: text(request, "name"), version: version(request), serving).objectValue ?? [:]
            },
        ]
    }

    private var repositoryMethods: [RPCMethod] {
        [
            method("RepositoryIndex") { request in
                ["models": .array(index(serving, onlyReady: request["ready"]?.boolValue ?? false))]
            },
            method("RepositoryModelLoad", permission: .operate) { request in
                try await load(try name(request, "model_name"), request["parameters"]?.objectValue?.keys ?? [], serving)
                return [:]
            },
            method("RepositoryModelUnload", permission: .operate) { request in
                await serving.unload(try name(request, "model_name"))
                return [:]
            },
        ]
    }

    private var sharedMemoryMethods: [RPCMethod] {
        [
            method("SystemSharedMemoryStatus") { request in
                let found = try regions.status(of: text(request, "name"))
                return ["regions": .object(JSONObject(found.map { (key: $0.name, value: .object($0.facts)) }))]
            },
            method("SystemSharedMemoryRegister", permission: .write) { request in
                try regions.register(
                    try name(request), key: text(request, "key") ?? "", offset: request["offset"]?.intValue ?? 0,
                    count: request["byte_size"]?.intValue ?? 0)
                return [:]
            },
            method("SystemSharedMemoryUnregister", permission: .write) { request in
                regions.unregister(text(request, "name"))
                return [:]
            },
            method("CudaSharedMemoryStatus") { request in
                if text(request, "name") != nil { throw noCUDA }
                return [:]
            },
            method("CudaSharedMemoryRegister", permission: .write) { _ in throw noCUDA },
            method("CudaSharedMemoryUnregister", permission: .write) { _ in [:] },
        ]
    }

    /// A setting has a list of values (traces) or one value of its kind (logs).
    private var settingMethods: [RPCMethod] {
        [
            method("TraceSetting", permission: .operate) { request in
                if let model = text(request, "model_name") { _ = try serving.description(of: model) }
                let asked = OpenInference.asked(request) { $0["value"]?.arrayValue.map { $0.count == 1 ? $0[0] : .array($0) } ?? .null }
                let settings = try keep(traceSettings, asked: asked)
                return OpenInference.told(settings) { ["value": $0.arrayValue == nil ? .array([$0]) : $0] }
            },
            method("LogSettings", permission: .operate) { request in
                let asked = OpenInference.asked(request) { $0.objectValue?.members.first?.value ?? .null }
                return OpenInference.told(try keep(logSettings, asked: asked)) { value in
                    switch value {
                    case .bool: ["bool_param": value]
                    case .int: ["uint32_param": value]
                    default: ["string_param": value]
                    }
                }
            },
        ]
    }

    private static func asked(_ request: JSONObject, _ value: (JSONValue) -> JSONValue) -> JSONObject {
        JSONObject((request["settings"]?.objectValue?.members ?? []).map { (key: $0.key, value: value($0.value)) })
    }

    private static func told(_ settings: JSONObject, _ value: (JSONValue) -> JSONValue) -> JSONObject {
        ["settings": .object(JSONObject(settings.members.map { (key: $0.key, value: value($0.value)) }))]
    }

    // MARK: Messages as JSON

    private func method(
        _ name: String, permission: Permission = .read, _ answer: @escaping @Sendable (JSONObject) async throws -> JSONObject
    ) -> RPCMethod {
        RPCMethod(
            OpenInference.path(name), permission: permission,
            .unary { message, _ in
                let request = try message.withBytes { try OpenInference.schema.decode("inference.\(name)Request", $0) }
                return try OpenInference.schema.encode("inference.\(name)Response", try await answer(request))
            })
    }

    private static func path(_ method: String) -> String { "/\(service)/\(method)" }

    /// nil for an empty text too: proto3 does not tell the two apart.
    private func text(_ request: JSONObject, _ field: String) -> String? {
        request[field]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
    }

    private func version(_ request: JSONObject) -> String? { text(request, "version") }

    private func name(_ request: JSONObject, _ field: String = "name") throws -> String {
        guard let name = text(request, field) else { throw JidokaError.invalidArgument("`\(field)` is empty") }
        return name
    }
}
