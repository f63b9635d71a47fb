package import Clockwork
package import JSON

/// One change of what an alias points to, or of the stage of a version: who moved it, when and why.
package struct LabelMove: Sendable, Hashable {
    package enum Label: Sendable, Hashable {
        case alias(String)
        /// The stage of one version.
        case stage(version: Int)
    }

    package var label: Label
    /// Alias: the version that it points to from then on, as text. Stage: the stage of the version from then on. nil: the alias was
    /// removed, the version was deleted.
    package var after: String?
    package var before: String?
    package var time: Timestamp
    package var actor: String
    package var reason: String

    package init(label: Label, after: String?, before: String?, time: Timestamp, actor: String, reason: String) {
        self.label = label
        self.after = after
        self.before = before
        self.time = time
        self.actor = actor
        self.reason = reason
    }

    package var json: JSONObject {
        var object: JSONObject = [:]
        switch label {
        case .alias(let alias):
            object["alias"] = .string(alias)
            object["version"] = JSONValue(after)
            object["version_before"] = JSONValue(before)
        case .stage(let version):
            object["version"] = .string(String(version))
            object["stage"] = JSONValue(after)
            object["stage_before"] = JSONValue(before)
        }
        object["time"] = .string(time.rfc3339)
        object["actor"] = .string(actor)
        object["reason"] = .string(reason)
        return object
    }
}

/// What aliases and stages were in the past.
///
/// `ModelStore` and `ModelVersionStore` write the history in the transaction of the change, with actor and reason of the change's first
/// event. A change to what is already so leaves no line. The history belongs to the model: it follows a rename, and goes with a deleted
/// model (whose events stay in the log). Methods throw `RegistryErrors.noModel` for a model that does not exist.
package protocol ModelHistory: Sendable {
    /// The moves of one alias, or of all, newest first, at most `limit` (1...1000).
    func aliasMoves(name: String, alias: String?, limit: Int) async throws -> [LabelMove]
    /// The moves of versions between stages, newest first, at most `limit` (1...1000); with `stage` only those into it or out of it.
    func stageMoves(name: String, stage: ModelStage?, limit: Int) async throws -> [LabelMove]
    /// The version that the alias pointed to at that time; nil when it pointed to none. The version may be deleted by now.
    func version(name: String, alias: String, at time: Timestamp) async throws -> Int?
    /// The highest version that existed and was in the stage at that time; nil when there was none.
    func version(name: String, stage: ModelStage, at time: Timestamp) async throws -> Int?
}

/// What a `models:/` address names.
package struct ModelAddress: Sendable, Hashable {
    package enum Target: Sendable, Hashable {
        case version(Int)
        case alias(String)
        case stage(ModelStage)
        /// The highest version.
        case latest
    }

    package var name: String
    package var target: Target

    /// `models:/name@alias`, `models:/name/3`, `models:/name/Production`, `models:/name/latest`; the scheme may be left out.
    /// nil for anything else.
    package init?(_ text: String) {
        let rest = text.hasPrefix("models:/") ? text.dropFirst("models:/".count) : Substring(text)
        if let at = rest.lastIndex(of: "@"), !rest[at...].contains("/") {
            let alias = String(rest[rest.index(after: at)...])
            name = String(rest[..<at])
            target = alias.lowercased() == "latest" ? .latest : .alias(alias)
            guard !alias.isEmpty else { return nil }
        } else {
            let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            name = String(parts[0])
            if let version = Int(parts[1]) {
                target = .version(version)
            } else if parts[1].lowercased() == "latest" {
                target = .latest
            } else if let stage = ModelStage(anyCase: String(parts[1])) {
                target = .stage(stage)
            } else {
                return nil
            }
        }
        guard !name.isEmpty, !name.contains("/"), !name.contains(":") else { return nil }
    }
}
