import Clockwork
import Conformance
import SQL
import SQLStores
import Tracking

/// A temporary database with the stores of tracking and the registry.
struct StoreFixture {
    private let kept: TestDatabase
    var database: Database { kept.database }

    init(_ engine: DatabaseEngine) async throws {
        kept = try await TestDatabase(engine, EventSchema.migrations + TrackingSchema.migrations + RegistrySchema.migrations)
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

    func close() { kept.close() }
}
