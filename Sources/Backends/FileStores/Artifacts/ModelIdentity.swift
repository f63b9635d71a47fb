import Digests
package import JSON

/// The content identity of a model version: equal for equal content, whoever logged it when and under which name.
///
/// SHA-256 over `jidoka model identity 1\n` and the canonical JSON (members sorted by code points at every depth, no whitespace) of
/// `{"code", "config", "environment", "weights"}`. See docs/format/registry.md.
package enum ModelIdentity {
    static let domain = "jidoka model identity 1\n"
    /// What these files say counts as environment; each by its digest.
    static let environmentFiles: Set<String> = ["requirements.txt", "conda.yaml", "python_env.yaml"]
    /// `MLmodel` enters as `config`, without its volatile keys; MLflow writes the other when a model is registered.
    static let otherwiseCounted: Set<String> = ["MLmodel", "registered_model_meta"]

    /// - Parameters:
    ///   - files: every file of the folder, in any order.
    ///   - config: what `MLmodel` says, without what differs from one logging of the same model to the next.
    ///   - codeVersion: the commit of the code that made the model; "" when it is not known.
    package static func of(files: [ModelFolder.File], config: JSONValue, codeVersion: String) -> String {
        var environment = JSONObject()
        var weights = JSONObject()
        for file in files where !otherwiseCounted.contains(file.relativePath) {
            if environmentFiles.contains(file.relativePath) {
                environment[file.relativePath] = .string(file.digest)
            } else {
                weights[file.relativePath] = .string(file.digest)
            }
        }
        let covered: JSONValue = [
            "code": .string(codeVersion), "config": config, "environment": .object(environment), "weights": .object(weights),
        ]
        var hash = SHA256()
        hash.update(domain.utf8)
        hash.update(covered.canonical.serialized)
        return hash.finish()
    }
}
