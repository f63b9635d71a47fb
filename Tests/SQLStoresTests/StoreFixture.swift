import Clockwork
import Conformance
import Events
import SQL
import SQLStores
import Tracking

/// A temporary database with the stores of tracking and the registry.
struct StoreFixture {
    private let kept: TestDatabase
    var database: Database { kept.database }

    init(_ engine: DatabaseEngine) async throws {
        kept = try await TestDatabase(
            engine,
            EventSchema.migrations + TrackingSchema.migrations + RegistrySchema.migrations + TracingSchema.migrations
                + EvaluationTables.migrations)
    }

    var tracking: TrackingStores {
        TrackingStores(
            experiments: SQLExperimentStore(database: database), runs: SQLRunStore(database: database),
            models: SQLLoggedModelStore(database: database), events: SQLEventLog(database: database, time: SystemTime()))
    }

    var registry: RegistryStores {
        RegistryStores(
            models: SQLModelStore(database: database), versions: SQLModelVersionStore(database: database),
            reports: SQLGateReportStore(database: database), history: SQLModelHistory(database: database),
            events: SQLEventLog(database: database, time: SystemTime()))
    }

    var artifacts: any ArtifactIndex { SQLArtifactIndex(database: database) }

    /// Experiments with the ids 1, 2, …; their events are taken away.
    func makeExperiments(_ names: [String]) async throws {
        for name in names {
            let draft = ExperimentDraft(name: name, artifactLocation: nil, artifactRoot: "mlflow-artifacts:", tags: [], time: .zero)
            _ = try await SQLExperimentStore(database: database).create(draft) {
                EventDraft(
                    kind: "experiment.created", subject: EventSubject("experiment", $0.id), actor: "user:test", reason: "", time: .zero)
            }
        }
        try await database.write { try $0.execute("DELETE FROM events") }
    }

    func close() { kept.close() }
}
