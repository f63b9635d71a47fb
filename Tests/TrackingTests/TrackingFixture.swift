import Clockwork
import Errors
import Foundation
import SQL
import SQLStores
import Telemetry
import Tracking

/// The service over a temporary database.
struct TrackingFixture {
    let folder: URL
    let database: Database
    let service: TrackingService
    let log: SQLEventLog

    init() async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("jidoka-tracking-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        database = try Database(path: folder.appendingPathComponent("test.db").path, metrics: MetricsRegistry())
        try await database.migrate(EventSchema.migrations + TrackingSchema.migrations)
        let time = SystemTime()
        service = TrackingService(
            experiments: SQLExperimentStore(database: database), runs: SQLRunStore(database: database),
            models: SQLLoggedModelStore(database: database), time: time, ids: SystemIDs(), random: SystemRandom(),
            logger: Logger(sink: MemorySink()))
        log = SQLEventLog(database: database, time: time)
        try await service.start()
    }

    func close() {
        database.close()
        try? FileManager.default.removeItem(at: folder)
    }

    func run(tags: [Tag] = []) async throws -> String {
        try await service.createRun(experimentID: "0", startTime: 1, tags: tags, actor: "user:test").info.id
    }
}

/// The error that a call throws.
func refusal(_ body: () async throws -> Void) async -> JidokaError? {
    do { try await body() } catch { return error as? JidokaError }
    return nil
}
