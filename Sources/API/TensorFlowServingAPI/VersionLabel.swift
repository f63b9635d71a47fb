import Errors
import Serving

extension ServingService {
    /// The version that a label stands for: `champion` (or `stable`), `challenger` (or `canary`), or an alias of the registered model.
    /// Only versions in memory have labels, as in TensorFlow-Serving.
    /// - Throws: `not_found`.
    func version(of name: String, labelled label: String) async throws -> String {
        let endpoint = try description(of: name)
        let plan = endpoint.endpoint.plan
        let found: String? =
            switch label {
            case "champion", "stable": plan.champion
            case "challenger", "canary": plan.challengers.first?.version
            default: try await aliasedVersion(endpoint.endpoint.model, alias: label)
            }
        guard let found, endpoint.versions.contains(where: { $0.version == found }) else {
            throw JidokaError.notFound(
                "Unrecognized servable version label: \(label)",
                hint: "`champion`, `challenger`, or an alias of `\(endpoint.endpoint.model)` whose version is in memory")
        }
        return found
    }
}
