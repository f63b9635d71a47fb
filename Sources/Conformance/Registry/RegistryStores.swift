import Clockwork
package import Events
package import Registry

/// The stores of the registry over one back end, empty, with the log that they write events to.
package struct RegistryStores: Sendable {
    package var models: any ModelStore
    package var versions: any ModelVersionStore
    package var reports: any GateReportStore
    package var history: any ModelHistory
    package var events: any EventLog

    package init(
        models: any ModelStore, versions: any ModelVersionStore, reports: any GateReportStore, history: any ModelHistory,
        events: any EventLog
    ) {
        self.models = models
        self.versions = versions
        self.reports = reports
        self.history = history
        self.events = events
    }

    static let start = Timestamp(milliseconds: 1_700_000_000_000)
    static let later = Timestamp(milliseconds: 1_700_000_000_500)

    static func event(_ kind: String, _ id: String = "x") -> EventDraft {
        EventDraft(kind: kind, subject: EventSubject("model_version", id), actor: "user:test", reason: "contract", time: start)
    }

    func kinds() async throws -> [String] {
        try await events.events(after: 0, limit: 1_000, kinds: nil, subject: nil).map(\.draft.kind)
    }

    func add(_ name: String, tags: [ModelTag] = []) async throws {
        let model = RegisteredModel(name: name, createdAt: RegistryStores.start, updatedAt: RegistryStores.start, tags: tags)
        try await models.create(model, events: [RegistryStores.event("registered_model.created", name)])
    }

    @discardableResult
    func addVersion(_ name: String, run: String = "r1", tags: [ModelTag] = []) async throws -> ModelVersion {
        let draft = ModelVersionDraft(
            name: name, description: "d", source: "runs:/\(run)/model", storageLocation: "mlflow-artifacts:/1/\(run)/artifacts/model",
            runID: run,
            runLink: "", modelID: "m-1", userID: "user:test", tags: tags, status: .pending, time: RegistryStores.start)
        return try await versions.create(draft) { RegistryStores.event("model_version.registered", "\($0.ref)") }
    }
}
