import Datasets
import Errors
import HTTP
import JSON

/// Dataset versions and their checks.
extension JidokaRoutes {
    mutating func mountDatasets(_ services: JidokaServices) {
        let datasets = services.datasets
        add("GET", "/datasets", .read, "List datasets.") { request in
            .json(.array(try await datasets.datasets(limit: try request.limit(default: 100)).map { .object($0.json) }))
        }
        add("POST", "/datasets/{name}/versions", .write, "Add the body, a Parquet or CSV file, as a version.") { request in
            let addition = DatasetService.Addition(
                dataset: try request.parameter("name"), filename: request.query("filename") ?? "data",
                actor: request.query("actor") ?? "user:anonymous",
                reason: request.query("reason") ?? "added")
            let (version, added) = try await datasets.add(addition, next: request.body.chunks())
            var document = version.json()
            document["added"] = .bool(added)
            return .json(.object(document), status: added ? 201 : 200)
        }
        add("GET", "/datasets/{name}/versions", .read, "List the versions of a dataset, newest first.") { request in
            let versions = try await datasets.versions(dataset: try request.parameter("name"), limit: try request.limit(default: 100))
            return .json(.array(versions.map { .object($0.json(withProfile: false)) }))
        }
        add("GET", "/datasets/{name}/versions/{version}", .read, "One version with its schema and profile.") { request in
            .json(.object(try await version(request, datasets).json()))
        }
        add("GET", "/datasets/{name}/versions/{version}/content", .read, "The bytes of a version, or its train or holdout part.") {
            request in
            let found = try await version(request, datasets)
            return try HTTPResponse.wholeFile(try await content(of: found, request, services).path)
        }
        add("POST", "/datasets/{name}/check", .write, "Check the newest (or given) version, or the body, against the declared suite.") {
            request in
            let name = try request.parameter("name")
            let suite = try await services.line.suite(dataset: name)
            let actor = request.query("actor") ?? "user:anonymous"
            if request.query("filename") != nil {
                let result = try await datasets.check(
                    dataset: name, candidate: request.query("filename") ?? "data", suite: suite, actor: actor, next: request.body.chunks())
                return .json(.object(result.json))
            }
            let found = try await datasets.version(dataset: name, version: request.query("version"))
            return .json(.object(try await datasets.check(found, suite: suite, actor: actor).json))
        }
    }
}

private func version(_ request: HTTPRequest, _ datasets: DatasetService) async throws -> DatasetVersion {
    try await datasets.version(dataset: try request.parameter("name"), version: try request.parameter("version"))
}

private func content(of version: DatasetVersion, _ request: HTTPRequest, _ services: JidokaServices) async throws -> DatasetFile {
    switch request.query("part") ?? "all" {
    case "all": return try await services.datasets.file(digest: version.digest)
    case let name:
        guard let part = DatasetPart(rawValue: name) else {
            throw JidokaError.invalidArgument("unknown part `\(name)`", hint: "known are all, train and holdout")
        }
        return try await services.datasets.part(part, of: version, split: await services.line.split(dataset: version.dataset))
    }
}

extension HTTPBody {
    /// The body chunk after chunk, for services that pull.
    func chunks() -> () async throws -> [UInt8]? {
        switch self {
        case .empty: return { nil }
        case .bytes(let bytes):
            var rest: [UInt8]? = bytes
            return {
                defer { rest = nil }
                return rest
            }
        case .stream(let next): return { try await next() }
        }
    }
}
