import Clockwork
import Errors
import JSON

extension RegistryService {
    /// Points an alias to a version, overwriting what it pointed to. Every move is an event: the history of `champion` is in the log.
    package func setAlias(
        _ alias: String, name: String, version: Int, expecting: AliasExpectation = .anything, actor: String, reason: String = ""
    ) async throws {
        try checkAlias(alias)
        let model = try await model(name: name)
        let before = model.aliases.first { $0.alias == alias }?.version
        let payload: JSONObject = [
            "alias": .string(alias), "version": .int(Int64(version)), "before": JSONValue(before),
            "prompt": .bool(RegistryService.isPrompt(model)),
        ]
        try await models.setAlias(
            alias, name: name, to: version, expecting: expecting, at: time.now(),
            events: [versionEvent("model_version.alias_set", name, version, actor, reason: reason, payload)])
    }

    /// A missing alias is fine.
    package func deleteAlias(_ alias: String, name: String, actor: String, reason: String = "") async throws {
        try checkAlias(alias)
        let model = try await model(name: name)
        guard let before = model.aliases.first(where: { $0.alias == alias })?.version else { return }
        let payload: JSONObject = [
            "alias": .string(alias), "before": .int(Int64(before)), "prompt": .bool(RegistryService.isPrompt(model)),
        ]
        try await models.setAlias(
            alias, name: name, to: nil, expecting: .anything, at: time.now(),
            events: [versionEvent("model_version.alias_removed", name, before, actor, reason: reason, payload)])
    }

    /// The version that an alias points to; `latest` is the highest version.
    package func version(name: String, alias: String) async throws -> ModelVersion {
        try checkAliasForm(alias)
        let model = try await model(name: name)
        if alias.lowercased() == "latest" {
            guard let highest = model.latestVersions.map(\.version).max() else { throw RegistryErrors.noAlias(alias) }
            return try await version(name: name, highest)
        }
        guard let target = model.aliases.first(where: { $0.alias == alias }) else { throw RegistryErrors.noAlias(alias) }
        return try await version(name: name, target.version)
    }

    private func checkAlias(_ alias: String) throws {
        try checkAliasForm(alias)
        guard alias.lowercased() != "latest" else {
            throw JidokaError.invalidArgument("'latest' alias name (case insensitive) is reserved.")
        }
        let rest = alias.dropFirst()
        guard !(alias.lowercased().hasPrefix("v") && !rest.isEmpty && rest.allSatisfy { $0.isASCII && $0.isNumber }) else {
            throw JidokaError.invalidArgument("Version alias name '\(alias)' is reserved.")
        }
    }

    private func checkAliasForm(_ alias: String) throws {
        guard !alias.isEmpty else { throw JidokaError.invalidArgument("Registered model alias name cannot be empty.") }
        guard alias.unicodeScalars.allSatisfy({ $0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "_" || $0 == "-" })
        else {
            throw JidokaError.invalidArgument(
                "Invalid alias name: '\(alias)'. Names may only contain alphanumerics, underscores (_), and dashes (-).")
        }
        guard alias.unicodeScalars.count <= 255 else {
            throw JidokaError.invalidArgument("'Registered model alias name' exceeds the maximum length of 255 characters")
        }
    }
}
