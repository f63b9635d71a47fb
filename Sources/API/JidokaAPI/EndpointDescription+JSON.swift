import Clockwork
import JSON
import Serving

/// An endpoint as the API shows it.
extension EndpointDescription {
    var json: JSONObject {
        [
            "name": .string(endpoint.name), "model": .string(endpoint.model), "champion": JSONValue(endpoint.plan.champion),
            "plan": endpoint.plan.json, "revision": .int(endpoint.revision), "ready": .bool(isReady),
            "versions": .array(
                versions.map { version in
                    [
                        "version": .string(version.version), "loaded_at": .string(version.loadedAt.rfc3339),
                        "waits_for_company": .bool(version.waitsForCompany),
                        "inputs": .array(version.signature.featureNames.map(JSONValue.string)),
                    ]
                }),
            "unavailable": .object(JSONObject(unavailable.sorted { $0.key < $1.key }.map { (key: $0.key, value: .string($0.value)) })),
        ]
    }
}
