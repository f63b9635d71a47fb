import Errors
import HTTP
import JSON
import Tracking

/// Uploads in parts and downloads that go past this server, where the artifact store has addresses of its own (a bucket). On any other
/// store they are 501, in the words by which clients know to send through the proxy.
extension RouteTable {
    mutating func addDirectTransfers() {
        let artifacts = services.artifacts
        for prefix in ["/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow-artifacts"] {
            addUpload("\(prefix)/mpu/create") { path, call in
                let parts = try call.fields.integer("num_parts") ?? 1
                let upload = try await uploads(artifacts).begin(path, parts: Int(clamping: parts))
                return .object(capacity: 512 * upload.addresses.count) { writer in
                    writer.member("upload_id", upload.id)
                    writer.list("credentials", Array(upload.addresses.enumerated())) { writer, part in
                        writer.beginObject()
                        writer.member("url", part.element)
                        writer.member("part_number", Int64(part.offset + 1))
                        writer.endObject()
                    }
                }
            }
            addUpload("\(prefix)/mpu/complete") { path, call in
                let parts = try call.fields.objects("parts").map { part in
                    ArtifactPart(number: Int(clamping: try part.requiredInteger("part_number")), tag: try part.requiredText("etag"))
                }
                guard !parts.isEmpty else { throw call.fields.missing("parts") }
                _ = try await uploads(artifacts).complete(path, upload: try call.fields.text("upload_id") ?? "", parts)
                return .empty
            }
            addUpload("\(prefix)/mpu/abort") { path, call in
                try await uploads(artifacts).abort(path, upload: try call.fields.text("upload_id") ?? "")
                return .empty
            }
            addRaw("GET", "\(prefix)/presigned/{path...}", .read) { request in
                let path = try ArtifactPath(rest(of: request, after: "\(prefix)/presigned"))
                guard let direct = artifacts.direct else { throw unsupported("Multipart download") }
                let (url, size) = try await address(of: path, in: artifacts, direct, seconds: downloadSeconds)
                return .object(capacity: 1_024) { $0.address("url", url, size) }
            }
        }
        addAddressesOfRuns()
    }

    /// A run's file by its address. An upload has no such route here: nothing would tell the server that the bytes have come.
    private mutating func addAddressesOfRuns() {
        let (tracking, artifacts) = (services.tracking, services.artifacts)
        add("POST", "artifacts/presigned-download-url", .read) { call in
            let run = try call.fields.requiredText("run_id")
            let file = try ArtifactPath(try call.fields.requiredText("path"))
            let seconds = try call.fields.integer("expiration") ?? downloadSeconds
            guard (1...604_800).contains(seconds) else {
                throw JidokaError.invalidArgument("expiration must be between 1 and 604800 seconds (got \(seconds)).")
            }
            let root = try ArtifactPath(uri: try await tracking.runInfo(id: run).artifactURI)
            guard let direct = artifacts.direct else {
                throw JidokaError.invalidArgument(
                    "Presigned download is not supported for runs with proxied artifact storage (artifact URI scheme: mlflow-artifacts). "
                        + "This endpoint requires a run with a direct cloud storage artifact URI.",
                    hint: "use the artifact proxy: /api/2.0/mlflow-artifacts/artifacts/<path>")
            }
            let (url, size) = try await address(of: root.appending(file), in: artifacts, direct, seconds: seconds)
            return .object(capacity: 1_024) { $0.address("presigned_url", url, size) }
        }
        add("POST", "artifacts/presigned-upload-url", .write) { call in
            let (run, model) = (try call.fields.text("run_id") ?? "", try call.fields.text("model_id") ?? "")
            guard run.isEmpty != model.isEmpty else {
                throw JidokaError.invalidArgument("Exactly one of run_id and model_id must be provided.")
            }
            _ = try ArtifactPath(try call.fields.requiredText("path"))
            if model.isEmpty { _ = try await tracking.runInfo(id: run) } else { _ = try await tracking.loggedModel(id: model) }
            throw JidokaError.invalidArgument(
                "Presigned upload is not supported for proxied artifact storage (artifact URI scheme: mlflow-artifacts). "
                    + "This endpoint requires a direct cloud storage artifact URI.",
                hint: "use /api/2.0/mlflow-artifacts/mpu/create/<folder>, whose upload is checked when it is completed")
        }
    }

    /// A POST that names a folder in its path and the file in its body: its last component counts, because clients send where it lies on
    /// their own disk.
    private mutating func addUpload(
        _ route: String, handler: @escaping @Sendable (ArtifactPath, MLflowCall) async throws -> HTTPResponse
    ) {
        let serve: HTTPHandler = { request in
            let folder = try ArtifactPath.folder(rest(of: request, after: route))
            let call = MLflowCall(request: request, fields: try await RequestFields(request, upTo: RequestFields.largeBodyMax))
            let name = try call.fields.requiredText("path").split { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? ""
            let file = try ArtifactPath(name)
            return try await handler(folder.map { $0.appending(file) } ?? file, call)
        }
        addRaw("POST", route, .write, handler: serve)
        addRaw("POST", "\(route)/{folder...}", .write, handler: serve)
    }
}

/// Seconds that an address for reading is good: as in MLflow.
private let downloadSeconds: Int64 = 300

private func uploads(_ artifacts: any ArtifactStore) throws -> any DirectArtifacts {
    guard let direct = artifacts.direct else { throw unsupported("Multipart upload") }
    return direct
}

/// Clients compare the beginning of the message.
private func unsupported(_ what: String) -> JidokaError {
    JidokaError(
        .failedPrecondition, "\(what) is not supported for the current artifact repository",
        fields: ["mlflow_code": "NOT_IMPLEMENTED", "status": "501"])
}

private func address(
    of path: ArtifactPath, in artifacts: any ArtifactStore, _ direct: any DirectArtifacts, seconds: Int64
) async throws -> (url: String, size: Int64) {
    guard let entry = try await artifacts.entry(path) else { throw JidokaError.notFound("No such artifact: '\(path)'") }
    let url = try await direct.address(
        of: entry, disposition: MIMEType.disposition(path.name), type: MIMEType.guess(path.name), seconds: Int(seconds))
    return (url, entry.size)
}

extension JSONWriter {
    fileprivate mutating func address(_ name: String, _ url: String, _ size: Int64) {
        member(name, url)
        key("headers")
        beginObject()
        endObject()
        member("file_size", size)
    }
}
