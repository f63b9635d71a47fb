import Errors
import HTTP
import JSON
import Registry
import Tracking

/// The routes that only the web interface of MLflow asks for.
extension RouteTable {
    mutating func addInterface() {
        let tracking = services.tracking
        addInterface("POST", "experiments/search-datasets", .read) { call in
            let found = try await tracking.datasets(in: try call.fields.texts("experiment_ids"))
            return .object { writer in
                writer.list("dataset_summaries", found) { writer, dataset in
                    writer.beginObject()
                    writer.member("experiment_id", dataset.experimentID)
                    writer.member("name", dataset.name)
                    writer.member("digest", dataset.digest)
                    writer.member("context", ifPresent: dataset.context)
                    writer.endObject()
                }
            }
        }
        addFiles()
        addNotSpoken()
    }

    private mutating func addInterface(
        _ method: String, _ path: String, _ permission: Permission, handler: @escaping @Sendable (MLflowCall) async throws -> HTTPResponse
    ) {
        addRaw(method, "/ajax-api/2.0/mlflow/\(path)", permission) { request in
            try await handler(MLflowCall(request: request, fields: try await RequestFields(request)))
        }
    }

    private mutating func addFiles() {
        let (tracking, registry, artifacts) = (services.tracking, services.registry, services.artifacts)
        addInterface("GET", "logged-models/{model_id}/artifacts/files", .read) { call in
            let root = try ArtifactPath(uri: try await tracking.loggedModel(id: try call.fields.requiredText("model_id")).artifactURI)
            let file = try ArtifactPath(try call.fields.requiredText("artifact_file_path"))
            return try await .download(root.appending(file), from: artifacts, for: call.request)
        }
        addRaw("GET", "/model-versions/get-artifact", .read) { request in
            let fields = try await RequestFields(request)
            let (name, version) = (try fields.requiredText("name"), try fields.version())
            let file = try ArtifactPath(try fields.requiredText("path"))
            let root = try ArtifactPath(uri: try await registry.downloadURI(name: name, version: version))
            return try await .download(root.appending(file), from: artifacts, for: request)
        }
        addRaw("POST", "/ajax-api/2.0/mlflow/upload-artifact", .write) { request in
            guard let runID = request.query("run_uuid"), !runID.isEmpty else {
                throw JidokaError.invalidArgument("Request must specify run_uuid.")
            }
            guard let path = request.query("path"), !path.isEmpty else {
                throw JidokaError.invalidArgument("Request must specify path.")
            }
            let file = try ArtifactPath(path)
            let bytes = try await request.collectBody(upTo: uploadMax)
            guard !bytes.isEmpty else { throw JidokaError.invalidArgument("Request must specify data.") }
            let root = try ArtifactPath(uri: try await tracking.runInfo(id: runID).artifactURI)
            _ = try await artifacts.put(root.appending(file)) { try await $0.write(bytes) }
            return HTTPResponse(status: 200)
        }
    }

    /// Parts of MLflow's protocol that are not spoken say so, instead of looking like a typing error.
    private mutating func addNotSpoken() {
        addNotSpoken(["GET", "POST"], ["/graphql"], "GraphQL is not spoken here", "use the REST routes below /api/2.0/mlflow")
        let gateway = [
            "/api/3.0/mlflow/gateway/{path...}", "/ajax-api/3.0/mlflow/gateway/{path...}", "/gateway/{path...}",
            "/ajax-api/2.0/mlflow/gateway-proxy",
        ]
        addNotSpoken(
            ["GET", "POST", "PUT", "PATCH", "DELETE"], gateway, "the AI gateway is not part of this server", "call the provider directly")
    }

    private mutating func addNotSpoken(_ methods: [String], _ patterns: [String], _ what: String, _ hint: String) {
        for pattern in patterns {
            for method in methods {
                addRaw(method, pattern, method == "GET" ? .read : .write) { _ in
                    throw JidokaError(
                        .failedPrecondition, what, hint: hint, fields: ["mlflow_code": "NOT_IMPLEMENTED", "status": "501"])
                }
            }
        }
    }
}

/// The largest file that the web interface may upload: 10 MB, as in MLflow.
private let uploadMax = 10 << 20
