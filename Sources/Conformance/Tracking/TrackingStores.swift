import Clockwork
package import Events
package import Tracking

/// The stores of tracking over one back end, empty, with the log that they write events to.
package struct TrackingStores: Sendable {
    package var experiments: any ExperimentStore
    package var runs: any RunStore
    package var models: any LoggedModelStore
    package var events: any EventLog

    package init(experiments: any ExperimentStore, runs: any RunStore, models: any LoggedModelStore, events: any EventLog) {
        self.experiments = experiments
        self.runs = runs
        self.models = models
        self.events = events
    }

    static let start = Timestamp(milliseconds: 1_700_000_000_000)

    static func event(_ kind: String, _ type: String, _ id: String) -> EventDraft {
        EventDraft(kind: kind, subject: EventSubject(type, id), actor: "user:test", reason: "contract", time: start)
    }

    func kinds() async throws -> [String] {
        try await events.events(after: 0, limit: 1_000, kinds: nil, subject: nil).map(\.draft.kind)
    }

    @discardableResult
    package func experiment(_ name: String, tags: [Tag] = [], after milliseconds: Int64 = 0) async throws -> Experiment {
        let time = Timestamp(milliseconds: TrackingStores.start.milliseconds + milliseconds)
        let draft = ExperimentDraft(name: name, artifactLocation: nil, artifactRoot: "mlflow-artifacts:", tags: tags, time: time)
        return try await experiments.create(draft) { TrackingStores.event("experiment.created", "experiment", $0.id) }
    }

    @discardableResult
    func run(_ id: String, in experiment: Experiment, start: Int64 = 0, name: String? = nil, tags: [Tag] = []) async throws -> Run {
        let info = RunInfo(
            id: id, experimentID: experiment.id, name: name ?? id, userID: "", status: .running, startTime: start,
            artifactURI: "\(experiment.artifactLocation)/\(id)/artifacts")
        let run = Run(info: info, tags: tags)
        try await runs.create(run, events: [TrackingStores.event("run.created", "run", id)])
        return run
    }
}
