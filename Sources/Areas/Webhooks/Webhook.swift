package import Clockwork
import Errors

/// An address that is told of changes in the registry, as in MLflow (mlflow/protos/webhooks.proto).
package struct Webhook: Sendable, Hashable {
    package enum Status: String, Sendable, CaseIterable {
        case active = "ACTIVE"
        case disabled = "DISABLED"
    }

    package var id: String
    package var name: String
    package var url: String
    package var description: String
    /// Of which changes; not empty.
    package var events: [WebhookEvent]
    package var status: Status
    /// What deliveries are signed with; empty for none. It is never told again.
    package var secret: String
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(
        id: String, name: String, url: String, description: String = "", events: [WebhookEvent], status: Status = .active,
        secret: String = "",
        createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.url = url
        self.description = description
        self.events = events
        self.status = status
        self.secret = secret
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// What changed, and how: `model_version.created`.
package struct WebhookEvent: Sendable, Hashable {
    package enum Entity: String, Sendable, CaseIterable {
        case registeredModel = "registered_model"
        case modelVersion = "model_version"
        case modelVersionTag = "model_version_tag"
        case modelVersionAlias = "model_version_alias"
        case prompt
        case promptVersion = "prompt_version"
        case promptTag = "prompt_tag"
        case promptVersionTag = "prompt_version_tag"
        case promptAlias = "prompt_alias"
        case budgetPolicy = "budget_policy"

        /// How it can change.
        package var actions: [Action] {
            switch self {
            case .registeredModel, .modelVersion, .prompt, .promptVersion: [.created]
            case .modelVersionTag, .promptTag, .promptVersionTag: [.deleted, .set]
            case .modelVersionAlias, .promptAlias: [.created, .deleted]
            case .budgetPolicy: [.exceeded]
            }
        }
    }

    package enum Action: String, Sendable, CaseIterable {
        case created, updated, deleted, set, exceeded
    }

    package var entity: Entity
    package var action: Action

    /// - Throws: `invalid_argument` in the words of the MLflow server when the entity does not change so.
    package init(_ entity: Entity, _ action: Action) throws {
        guard entity.actions.contains(action) else {
            throw JidokaError.invalidArgument(
                "Invalid action '\(action.rawValue)' for entity '\(entity.rawValue)'. Valid actions are: "
                    + "[\(entity.actions.map { "'\($0.rawValue)'" }.joined(separator: ", "))]")
        }
        self.entity = entity
        self.action = action
    }

    /// `entity.action`. - Throws: `invalid_argument`.
    package init(_ text: String) throws {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw JidokaError.invalidArgument(
                "Invalid event string format: \(text). Expected format: 'entity.action' (e.g., 'registered_model.created')")
        }
        guard let entity = Entity(rawValue: String(parts[0])), let action = Action(rawValue: String(parts[1])) else {
            throw JidokaError.invalidArgument("Invalid entity or action in event string: \(text)")
        }
        try self.init(entity, action)
    }

    package var text: String { "\(entity.rawValue).\(action.rawValue)" }

    /// All that can be subscribed to, in a fixed order.
    package static var all: [String] { Entity.allCases.flatMap { entity in entity.actions.map { "\(entity.rawValue).\($0.rawValue)" } } }
}

/// What a change of a webhook sets; nil leaves it.
package struct WebhookChange: Sendable, Hashable {
    package var name: String?
    package var url: String?
    package var description: String?
    package var events: [WebhookEvent]?
    package var status: Webhook.Status?
    package var secret: String?

    package init(
        name: String? = nil, url: String? = nil, description: String? = nil, events: [WebhookEvent]? = nil, status: Webhook.Status? = nil,
        secret: String? = nil
    ) {
        self.name = name
        self.url = url
        self.description = description
        self.events = events
        self.status = status
        self.secret = secret
    }
}
