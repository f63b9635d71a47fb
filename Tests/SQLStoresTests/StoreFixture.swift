import Clockwork
import Conformance
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
            EventSchema.migrations + TrackingSchema.migrations + RegistrySchema.migrations + TracingSchema.migrations)
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

    func close() {
        database.close()
        try? FileManager.default.removeItem(at: folder)
    }
}
