import Conformance
import SQL
import SQLStores
import Testing

@Suite struct RunArchiveTests {
    @Test(arguments: DatabaseEngine.allCases, RunArchiveContract.checks.map(\.name))
    func `the archive of runs keeps the contract on both engines`(engine: DatabaseEngine, name: String) async throws {
        let fixture = try await StoreFixture(engine)
        defer { fixture.close() }
        let stores = ArchiveStores(tracking: fixture.tracking, archive: SQLRunArchive(database: fixture.database))
        try await #require(RunArchiveContract.checks.first { $0.name == name }).run(stores)
    }

    @Test(arguments: DatabaseEngine.allCases) func `a purge leaves no row that names the run`(engine: DatabaseEngine) async throws {
        let fixture = try await StoreFixture(engine)
        defer { fixture.close() }
        let stores = ArchiveStores(tracking: fixture.tracking, archive: SQLRunArchive(database: fixture.database))
        let check = try #require(RunArchiveContract.checks.first { $0.name.hasPrefix("an experiment is purged") })
        try await check.run(stores)
        let tables = [
            "runs", "params", "tags", "metric_series", "metric_points", "run_datasets", "run_dataset_tags", "run_models", "datasets",
            "logged_models", "logged_model_metrics", "logged_model_params", "logged_model_tags", "experiment_tags",
        ]
        let left = try await fixture.database.read { connection in
            try tables.filter { try connection.first("SELECT count(*) FROM \($0)") { $0.int(0) } != 0 }
        }
        #expect(left == [])
    }
}
