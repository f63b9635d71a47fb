import Errors
import Clockwork
import Events
import Registry

/// What every `GateReportStore` does.
package enum GateReportStoreContract {
    package static let checks: [ContractCheck<RegistryStores>] = [
        ContractCheck("a saved report reads back as it was", readsBack),
        ContractCheck("the newest report of a version counts", newest),
        ContractCheck("reports list by model, the newest first", list),
    ]

    private static func report(_ id: String, version: Int = 1, _ verdict: GateVerdict = .passed) -> GateReport {
        let check = CheckResult(
            check: "f1 >= 0.6", value: 0.7, limit: 0.6, championValue: 0.65, verdict: verdict, detail: "`f1` is 0.7 on 10 rows")
        let missing = CheckResult(check: "latency", value: nil, limit: 50, verdict: .failed, detail: "not measured")
        return GateReport(
            id: id, model: "m", version: version, digest: "abc", champion: 3,
            data: EvaluationData(dataset: "census", version: "0123456789ab"), rows: 10, verdict: verdict, checks: [check, missing],
            time: Timestamp(microseconds: 1_700_000_000_123_456))
    }

    @Sendable private static func readsBack(_ stores: RegistryStores) async throws {
        try await stores.reports.save(report("1"), events: [RegistryStores.event("gate.passed")])
        try Broken.unless(try await stores.reports.newest(model: "m", version: 1), is: report("1"), "the report")
        try Broken.unless(try await stores.kinds(), is: ["gate.passed"], "its event")
        try Broken.unless(try await stores.reports.newest(model: "m", version: 2) == nil, "another version has none")
    }

    @Sendable private static func newest(_ stores: RegistryStores) async throws {
        try await stores.reports.save(report("2", .failed), events: [])
        try await stores.reports.save(report("1", .passed), events: [])
        try Broken.unless(try await stores.reports.newest(model: "m", version: 1)?.id, is: "1", "saved last")
    }

    @Sendable private static func list(_ stores: RegistryStores) async throws {
        for id in ["1", "2", "3"] { try await stores.reports.save(report(id, version: Int(id) ?? 0), events: []) }
        try Broken.unless(try await stores.reports.reports(model: "m", limit: 2).map(\.id), is: ["3", "2"], "the newest first")
        try await Broken.unlessRefused(.invalidArgument) { _ = try await stores.reports.reports(model: "m", limit: 0) }
    }
}
