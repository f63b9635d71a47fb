import Errors
import HTTP
import JSON
import Tracking

extension RouteTable {
    /// Listings and downloads that name a run or a model instead of a path below the root.
    mutating func addRunArtifacts() {
        let (tracking, artifacts) = (services.tracking, services.artifacts)
        add("GET", "artifacts/list", .read) { call in
            let uri = try await tracking.runInfo(id: try call.fields.runID()).artifactURI
            return try await .listing(of: try call.fields.text("path"), below: uri, in: artifacts)
        }
        add("GET", "logged-models/{model_id}/artifacts/directories", .read) { call in
            let uri = try await tracking.loggedModel(id: try call.fields.requiredText("model_id")).artifactURI
            return try await .listing(of: try call.fields.text("artifact_directory_path"), below: uri, in: artifacts)
        }
        addRaw("GET", "/get-artifact", .read) { request in
            let fields = try await RequestFields(request)
            let root = try ArtifactPath(uri: try await tracking.runInfo(id: try fields.runID()).artifactURI)
            return try await .download(root.appending(try ArtifactPath(try fields.requiredText("path"))), from: artifacts, for: request)
        }
    }

    /// The artifact proxy: paths below the server's artifact root, bodies streamed both ways.
    mutating func addArtifactProxy() {
        let artifacts = services.artifacts
        for prefix in ["/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow-artifacts"] {
            let files = "\(prefix)/artifacts"
            addRaw("GET", files, .read) { request in
                let folder = try ArtifactPath.folder(request.query("path"))
                let entries = try await allEntries(of: folder, in: artifacts)
                return .object(capacity: 4_096) { $0.list("files", entries) { $0.write($1, as: $1.path.name) } }
            }
            addRaw("GET", "\(files)/{path...}", .read) { request in
                try await .download(try ArtifactPath(rest(of: request, after: files)), from: artifacts, for: request)
            }
            addRaw("PUT", "\(files)/{path...}", .write) { request in
                let path = try ArtifactPath(rest(of: request, after: files))
                _ = try await artifacts.put(path) { sink in try await request.body.forEachChunk { try await sink.write($0) } }
                return HTTPResponse(status: 200)
            }
            addRaw("DELETE", "\(files)/{path...}", .write) { request in
                try await artifacts.delete(try ArtifactPath(rest(of: request, after: files)))
                return .empty
            }
        }
    }
}

/// What follows the route's own part, as sent: the router folds doubled slashes, which must be refused here.
func rest(of request: HTTPRequest, after prefix: String) -> String { String(request.path.dropFirst(prefix.count + 1)) }

/// The most entries of one folder that are listed.
private let listedMax = 10_000

private func allEntries(of folder: ArtifactPath?, in artifacts: any ArtifactStore) async throws -> [ArtifactEntry] {
    var all: [ArtifactEntry] = []
    while true {
        let page = try await artifacts.list(folder, after: all.last?.path.name, limit: 1_000)
        all += page
        if page.count < 1_000 { return all }
        guard all.count < listedMax else {
            throw JidokaError.invalidArgument(
                "the folder has more than \(listedMax) entries", hint: "list its sub-folders, or put fewer files in one folder")
        }
    }
}

extension HTTPResponse {
    /// `{"root_uri", "files"}` with paths relative to the root.
    fileprivate static func listing(of path: String?, below uri: String, in artifacts: any ArtifactStore) async throws -> HTTPResponse {
        let root = try ArtifactPath(uri: uri)
        let folder = try ArtifactPath.folder(path).map { root.appending($0) } ?? root
        let entries = try await allEntries(of: folder, in: artifacts)
        return .object(capacity: 4_096) { writer in
            writer.member("root_uri", uri)
            writer.list("files", entries) { writer, entry in
                writer.write(entry, as: entry.path.segments.dropFirst(root.segments.count).joined(separator: "/"))
            }
        }
    }

    /// The bytes, checked against their digest. What was found right lately is sent as a file; else it is checked while it is streamed, and
    /// damage ends in a broken connection, never in wrong bytes. A part of an object is sent only once the whole was found right.
    static func download(
        _ path: ArtifactPath, from artifacts: any ArtifactStore, for request: HTTPRequest
    ) async throws -> HTTPResponse {
        guard let entry = try await artifacts.entry(path) else { throw JidokaError.notFound("No such artifact: '\(path)'") }
        guard let digest = entry.digest else {
            throw JidokaError.invalidArgument("Artifact path refers to a directory, not a file: '\(path)'")
        }
        let tag = "\"\(digest)\""
        if let known = request.headers["if-none-match"], matches(known, tag) {
            return HTTPResponse(status: 304, headers: ["etag": tag])
        }
        var headers: HTTPHeaders = [
            "content-type": MIMEType.guess(path.name), "content-disposition": MIMEType.disposition(path.name),
            "x-content-type-options": "nosniff", "etag": tag, "accept-ranges": "bytes",
        ]
        let wantsPart = request.headers["range"] != nil && request.method != "HEAD"
        if let file = try await artifacts.file(entry, mayFetch: wantsPart) {
            headers["accept-ranges"] = nil  // the server says it itself for files
            return HTTPResponse(headers: headers, body: .file(path: file, offset: 0, count: UInt64(entry.size)))
        }
        headers["content-length"] = String(entry.size)
        return HTTPResponse(
            headers: headers, body: .stream { writer in try await artifacts.read(path) { chunk in try await writer.write(chunk) } })
    }

    /// RFC 9110 section 13.1.2: any of a list, weak ones too, or `*`.
    private static func matches(_ header: String, _ tag: String) -> Bool {
        header.split(separator: ",").contains { part in
            let known = String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            return known == "*" || known == tag || known == "W/\(tag)"
        }
    }
}

extension JSONWriter {
    fileprivate mutating func write(_ entry: ArtifactEntry, as path: String) {
        beginObject()
        member("path", path)
        key("is_dir")
        value(entry.isFolder)
        if !entry.isFolder { member("file_size", entry.size) }
        endObject()
    }
}
