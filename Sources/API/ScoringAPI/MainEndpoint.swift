import Errors
import Serving

/// The endpoint of paths that name none: the one that the project declares, else the only one.
struct MainEndpoint: Sendable {
    let serving: ServingService
    let declared: @Sendable () -> String?

    /// - Throws: `not_found` when there is none, `invalid_argument` when there are several.
    func name() throws -> String {
        if let declared = declared() { return declared }
        let names = serving.descriptions.map(\.endpoint.name)
        guard let only = names.first else {
            throw JidokaError.notFound(
                "this server has no endpoint", hint: "declare one in jidoka.yaml, or make one with `jidoka endpoint`")
        }
        guard names.count == 1 else {
            throw JidokaError.invalidArgument(
                "this server has \(names.count) endpoints",
                hint: "ask one of them: /endpoints/NAME/invocations with \(names.joined(separator: ", "))")
        }
        return only
    }

    var isReady: Bool {
        do { return try serving.description(of: name()).isReady } catch { return false }  // whatever the reason is
    }
}
