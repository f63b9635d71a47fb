import Clockwork
import Conformance
import Events
import Foundation
import SQL
import SQLStores
import Telemetry
import Tracking

/// A temporary database with the stores of tracking and the registry.
struct StoreFixture {
    let folder: URL
    let database: Database

    init() async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("jidoka-stores-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        database = try Database(path: folder.appendingPathComponent("test.db").path, metrics: MetricsRegistry())
        try await database.migrate(
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

    func close() {
        database.close()
        try? FileManager.default.removeItem(at: folder)
    }
}
