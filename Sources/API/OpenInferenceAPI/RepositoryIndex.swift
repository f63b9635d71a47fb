import HTTP
import JSON
import Serving

/// The longest body of an index request; it holds one flag.
private let indexBodyMax = 64 << 10

func repositoryRoutes(_ serving: ServingService) -> [HTTP.Route] {
    [
        route("POST", "/v2/repository/index", "All models and versions with their states.") { request in
            let body = try await request.collectBody(upTo: indexBodyMax)
            let onlyReady = body.isEmpty ? false : try JSONValue.parse(body)["ready"]?.boolValue ?? false
            let entries = serving.descriptions.flatMap(index)
            return .json(.array(onlyReady ? entries.filter { $0["state"] == "READY" } : entries))
        }
    ]
}

private func index(_ endpoint: EndpointDescription) -> [JSONValue] {
    func entry(_ version: String, _ state: String, _ reason: String) -> JSONValue {
        ["name": .string(endpoint.endpoint.name), "version": .string(version), "state": .string(state), "reason": .string(reason)]
    }
    let ready = endpoint.versions.map { entry($0.version, "READY", "") }
    let missing = endpoint.unavailable.sorted { $0.key < $1.key }.map { entry($0.key, "UNAVAILABLE", $0.value) }
    return ready.isEmpty && missing.isEmpty ? [entry("", "UNAVAILABLE", "no version was promoted yet")] : ready + missing
}
