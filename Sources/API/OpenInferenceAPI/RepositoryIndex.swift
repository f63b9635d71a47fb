import Errors
import HTTP
import JSON
import Serving

/// The longest body of a request; it may hold a model's configuration.
private let bodyMax = 1 << 20

func repositoryRoutes(_ serving: ServingService) -> [HTTP.Route] {
    [
        route("POST", "/v2/repository/index", "All models and versions with their states.") { request in
            .json(.array(index(serving, onlyReady: try await parameters(request)["ready"]?.boolValue ?? false)))
        },
        route(
            "POST", "/v2/repository/models/{model}/load", "Loads the versions of a model's traffic plan that are not in memory.",
            permission: .operate
        ) { request in
            let given = try await parameters(request)["parameters"]?.objectValue
            try await load(try request.parameter("model"), given?.keys ?? [], serving)
            return HTTPResponse()
        },
        route("POST", "/v2/repository/models/{model}/unload", "Unloads a model's versions.", permission: .operate) { request in
            _ = try await parameters(request)
            await serving.unload(try request.parameter("model"))
            return HTTPResponse()
        },
    ]
}

private func parameters(_ request: HTTPRequest) async throws -> JSONObject {
    let body = try await request.collectBody(upTo: bodyMax)
    guard !body.isEmpty else { return [:] }
    guard let object = try JSONValue.parse(body).objectValue else {
        throw JidokaError.invalidArgument("the request must be a JSON object")
    }
    return object
}

/// - Parameter parameters: names of what the caller wants to change at the load.
func load(_ name: String, _ parameters: [String], _ serving: ServingService) async throws {
    guard parameters.isEmpty else {
        throw JidokaError.invalidArgument(
            "a model's configuration and files cannot be given with the request: " + parameters.joined(separator: ", "),
            hint: "register a version with them, and set how the endpoint batches with `jidoka endpoint`")
    }
    do { try await serving.load(name) } catch let error as JidokaError where error.code == .notFound {
        throw JidokaError.notFound("failed to load '\(name)', failed to poll from model repository", hint: error.hint)
    }
}

func index(_ serving: ServingService, onlyReady: Bool) -> [JSONValue] {
    let entries = serving.descriptions.flatMap(index)
    return onlyReady ? entries.filter { $0["state"] == "READY" } : entries
}

private func index(_ endpoint: EndpointDescription) -> [JSONValue] {
    func entry(_ version: String, _ state: String, _ reason: String) -> JSONValue {
        ["name": .string(endpoint.endpoint.name), "version": .string(version), "state": .string(state), "reason": .string(reason)]
    }
    let ready = endpoint.versions.map { entry($0.version, "READY", "") }
    let missing = endpoint.unavailable.sorted { $0.key < $1.key }.map { entry($0.key, "UNAVAILABLE", $0.value) }
    return ready.isEmpty && missing.isEmpty ? [entry("", "UNAVAILABLE", "no version was promoted yet")] : ready + missing
}
