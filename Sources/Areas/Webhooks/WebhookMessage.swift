package import Clockwork
package import Events
package import JSON

/// What a webhook is told: an event of MLflow's vocabulary with its data (mlflow/webhooks/types.py).
package struct WebhookMessage: Sendable, Hashable {
    package var event: WebhookEvent
    package var data: JSONObject

    /// `{"entity", "action", "timestamp", "data"}`
    package func body(at time: Timestamp) -> String {
        let message: JSONValue = [
            "entity": .string(event.entity.rawValue), "action": .string(event.action.rawValue), "timestamp": .string(time.rfc3339),
            "data": .object(data),
        ]
        return message.text
    }

    private static let promptTag = "mlflow.prompt.is_prompt"
    private static let promptText = "mlflow.prompt.text"
    private static let inner: Set<String> = [promptTag, "_mlflow_prompt_type", promptText]

    /// The message of an event of the registry; nil when nobody is told of it.
    /// - Parameter isPrompt: whether a registered model of that name is a prompt.
    package init?(_ draft: EventDraft, isPrompt: (String) async throws -> Bool) async rethrows {
        let payload = draft.payload
        let tags = payload["tags"]?.objectValue ?? [:]
        // The event tells it; older ones did not.
        func ofPrompt(_ name: String) async throws -> Bool {
            if let told = payload["prompt"]?.boolValue { return told }
            return try await isPrompt(name)
        }
        func text(_ key: String) -> JSONValue { payload[key] ?? .null }
        switch draft.kind {
        case "registered_model.created":
            let prompt = WebhookMessage.isTrue(tags[WebhookMessage.promptTag])
            self.init(
                prompt ? .prompt : .registeredModel, .created,
                [
                    "name": .string(draft.subject.id), "tags": .object(prompt ? WebhookMessage.outer(tags) : tags),
                    "description": text("description"),
                ])
        case "model_version.registered":
            guard let (name, version) = WebhookMessage.version(draft.subject.id) else { return nil }
            var data: JSONObject = ["name": .string(name), "version": .string(version)]
            let prompt = WebhookMessage.isTrue(tags[WebhookMessage.promptTag])
            if prompt {
                data["template"] = tags[WebhookMessage.promptText] ?? .null
            } else {
                data["source"] = text("source")
                data["run_id"] = WebhookMessage.orNull(payload["run_id"])
            }
            data["tags"] = .object(prompt ? WebhookMessage.outer(tags) : tags)
            data["description"] = WebhookMessage.orNull(payload["description"])
            self.init(prompt ? .promptVersion : .modelVersion, .created, data)
        case "registered_model.tag_set", "registered_model.tag_deleted":
            // As in MLflow, of the tags of a model itself only a prompt's are told.
            guard try await ofPrompt(draft.subject.id) else { return nil }
            self.init(.promptTag, WebhookMessage.action(draft.kind), WebhookMessage.tag(["name": .string(draft.subject.id)], payload))
        case "model_version.tag_set", "model_version.tag_deleted":
            guard let (name, version) = WebhookMessage.version(draft.subject.id) else { return nil }
            let entity: WebhookEvent.Entity = try await ofPrompt(name) ? .promptVersionTag : .modelVersionTag
            self.init(
                entity, WebhookMessage.action(draft.kind),
                WebhookMessage.tag(["name": .string(name), "version": .string(version)], payload))
        case "model_version.alias_set", "model_version.alias_removed":
            guard let (name, version) = WebhookMessage.version(draft.subject.id) else { return nil }
            let isSet = draft.kind == "model_version.alias_set"
            var data: JSONObject = ["name": .string(name), "alias": text("alias")]
            if isSet { data["version"] = .string(version) }
            self.init(try await ofPrompt(name) ? .promptAlias : .modelVersionAlias, isSet ? .created : .deleted, data)
        default: return nil
        }
    }

    package init(event: WebhookEvent, data: JSONObject) {
        self.event = event
        self.data = data
    }

    private init?(_ entity: WebhookEvent.Entity, _ action: WebhookEvent.Action, _ data: JSONObject) {
        guard let event = try? WebhookEvent(entity, action) else { return nil }  // the pairs above are all valid ones
        self.init(event: event, data: data)
    }

    private static func isTrue(_ value: JSONValue?) -> Bool { value?.stringValue?.lowercased() == "true" }
    private static func outer(_ tags: JSONObject) -> JSONObject {
        JSONObject(tags.filter { !inner.contains($0.key) }.map { ($0.key, $0.value) })
    }
    private static func orNull(_ value: JSONValue?) -> JSONValue { value.flatMap { $0.stringValue == "" ? nil : $0 } ?? .null }
    private static func action(_ kind: String) -> WebhookEvent.Action { kind.hasSuffix("tag_set") ? .set : .deleted }

    private static func tag(_ data: JSONObject, _ payload: JSONObject) -> JSONObject {
        var data = data
        data["key"] = payload["key"] ?? .null
        data["value"] = payload["value"]
        return data
    }

    /// `name/7`; names hold no slash.
    private static func version(_ subject: String) -> (name: String, version: String)? {
        guard let slash = subject.lastIndex(of: "/") else { return nil }
        return (String(subject[..<slash]), String(subject[subject.index(after: slash)...]))
    }

    /// What a test sends.
    package static func example(_ event: WebhookEvent) -> JSONObject {
        let isPrompt = event.entity.rawValue.hasPrefix("prompt")
        let name: JSONValue = isPrompt ? "example_prompt" : "example_model"
        let tags: JSONValue = ["example_key": "example_value"]
        switch event.entity {
        case .registeredModel: return ["name": name, "tags": tags, "description": "An example registered model"]
        case .prompt: return ["name": name, "tags": tags, "description": "An example prompt"]
        case .modelVersion:
            return [
                "name": name, "version": "1", "source": "models:/123", "run_id": "abcd1234abcd5678", "tags": tags,
                "description": "An example model version",
            ]
        case .promptVersion:
            return ["name": name, "version": "1", "template": "Hello {{name}}!", "tags": tags, "description": "An example prompt version"]
        case .budgetPolicy:
            return ["budget_policy_id": "example_policy", "budget_unit": "USD", "budget_amount": 100, "current_spend": 105.5]
        case .modelVersionAlias, .promptAlias:
            var data: JSONObject = ["name": name, "alias": "example_alias"]
            if event.action == .created { data["version"] = "1" }
            return data
        case .modelVersionTag, .promptTag, .promptVersionTag:
            var data: JSONObject = ["name": name]
            if event.entity != .promptTag { data["version"] = "1" }
            data["key"] = "example_key"
            if event.action == .set { data["value"] = "example_value" }
            return data
        }
    }
}
