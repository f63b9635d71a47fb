package import Errors

/// The refusals whose words MLflow clients match.
package enum RegistryErrors {
    package static func noModel(_ name: String) -> JidokaError { .notFound("Registered Model with name=\(name) not found") }

    package static func noVersion(_ name: String, _ version: Int) -> JidokaError {
        .notFound("Model Version (name=\(name), version=\(version)) not found")
    }

    package static func modelExists(_ name: String) -> JidokaError { .alreadyExists("Registered Model (name=\(name)) already exists.") }

    /// MLflow answers 400 for a missing alias, not 404.
    package static func noAlias(_ alias: String) -> JidokaError { .invalidArgument("Registered model alias \(alias) not found.") }

    package static func aliasMoved(_ alias: String, _ name: String, now version: Int?) -> JidokaError {
        JidokaError(
            .conflict, "alias `\(alias)` of `\(name)` was moved by another change\(version.map { " to version \($0)" } ?? "")",
            hint: "look at the model again, then decide again")
    }

    package static func invalidSource(_ source: String, _ parameter: String) -> JidokaError {
        .invalidArgument(
            """
            Invalid model version source: '\(source)'. The \(parameter) request parameter must identify the \
            resource that contains the source.
            """
        )
    }
}
