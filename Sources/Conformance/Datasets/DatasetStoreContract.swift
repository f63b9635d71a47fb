import Clockwork
package import Datasets
import Errors
package import Events
import JSON

/// What every dataset store must do. Each check gets an empty store and the log that its events go to.
package enum DatasetStoreContract {
    package typealias Check = @Sendable (any DatasetStore, any EventLog) async throws -> Void

    package static let checks: [(name: String, run: Check)] = [
        ("a version is kept whole and told in one event", keepsWhole),
        ("the same content again is the same version and no event", keepsOnce),
        ("the same content may be a version of two datasets", sharesContent),
        ("a version is found by the beginning of its digest", findsByPrefix),
        ("versions and datasets come in pages", pages),
    ]

    /// A version whose digest begins with `digest`.
    package static func version(_ dataset: String, digest: String, rows: Int64 = 3) -> DatasetVersion {
        let columns = [
            ColumnProfile(
                name: "AGEP", type: "DOUBLE", count: 2, missing: 1, distinct: 2, minimum: "1.5", maximum: "90.0", mean: 45.75,
                deviation: 62.58,
                quantiles: [.init(share: 0.5, value: 45.75)], histogram: [.init(low: 1.5, high: 90, count: 2)]),
            ColumnProfile(
                name: "SEX", type: "VARCHAR", count: 3, missing: 0, distinct: 2,
                top: [.init(value: "1", count: 2), .init(value: "it's", count: 1)]),
        ]
        return DatasetVersion(
            dataset: dataset, digest: digest + String(repeating: "0", count: 64 - digest.count), rows: rows, bytes: 1_234, format: .parquet,
            profile: DatasetProfile(rows: rows, columns: columns), source: "upload a.parquet", parents: [String(repeating: "f", count: 64)],
            createdAt: Timestamp(microseconds: 1_767_225_600_123_456), actor: "user:alice")
    }

    package static func added(_ version: DatasetVersion) -> EventDraft {
        EventDraft(
            kind: "dataset_version.added", subject: EventSubject("dataset", version.dataset), actor: version.actor, reason: "",
            payload: ["digest": .string(version.digest)], time: version.createdAt)
    }

    private static func add(_ version: DatasetVersion, to store: any DatasetStore) async throws -> Bool {
        try await store.add(version, event: added(version)).added
    }

    private static let keepsWhole: Check = { store, log in
        let version = version("census", digest: "ab12")
        try require(try await add(version, to: store), "a new version is added")
        try require(try await store.version(dataset: "census", prefix: version.digest) == version, "all members are read back")
        try require(try await store.version(digest: version.digest) == version, "the digest alone finds it")
        try require(try await store.version(digest: String(repeating: "1", count: 64)) == nil, "an unknown digest finds nothing")
        let events = try await log.events(after: 0, limit: 10, kinds: nil, subject: EventSubject("dataset", "census"))
        try require(events.map(\.draft) == [added(version)], "one event tells of it")
    }

    private static let keepsOnce: Check = { store, log in
        let first = version("census", digest: "ab12")
        var again = first
        again.source = "another upload"
        _ = try await add(first, to: store)
        let answer = try await store.add(again, event: added(again))
        try require(!answer.added && answer.version == first, "the stored version is answered")
        try require(try await store.versions(dataset: "census", limit: 10, skip: 0).count == 1, "there is one version")
        try require(try await log.head().sequence == 1, "there is one event")
    }

    private static let sharesContent: Check = { store, _ in
        try require(try await add(version("a", digest: "cd"), to: store), "the first dataset takes it")
        try require(try await add(version("b", digest: "cd"), to: store), "the second takes it too")
        try require(try await store.version(digest: version("a", digest: "cd").digest)?.dataset == "a", "the digest finds the first")
    }

    private static let findsByPrefix: Check = { store, _ in
        for digest in ["abcd1", "abcd2", "ffff"] { _ = try await add(version("census", digest: digest), to: store) }
        try require(
            try await store.version(dataset: "census", prefix: "abcd1").digest.hasPrefix("abcd1"), "a beginning that is unique suffices")
        try await requireFailure(.invalidArgument) { _ = try await store.version(dataset: "census", prefix: "abcd") }
        try await requireFailure(.notFound) { _ = try await store.version(dataset: "census", prefix: "1234") }
        try await requireFailure(.notFound) { _ = try await store.version(dataset: "other", prefix: "ffff") }
        try await requireFailure(.invalidArgument) { _ = try await store.version(dataset: "census", prefix: "it's") }
        try await requireFailure(.invalidArgument) { _ = try await store.version(dataset: "census", prefix: "") }
    }

    private static let pages: Check = { store, _ in
        for digest in ["a1", "a2", "a3"] { _ = try await add(version("census", digest: digest), to: store) }
        _ = try await add(version("birds", digest: "b1"), to: store)
        let newest = try await store.versions(dataset: "census", limit: 2, skip: 0)
        try require(newest.map { $0.digest.prefix(2) } == ["a3", "a2"], "the newest come first")
        try require(try await store.versions(dataset: "census", limit: 2, skip: 2).map { $0.digest.prefix(2) } == ["a1"], "then the rest")
        try require(try await store.versions(dataset: "none", limit: 2, skip: 0).isEmpty, "an unknown dataset has none")
        let all = try await store.datasets(limit: 10, after: nil)
        try require(
            all.map(\.name) == ["birds", "census"] && all.map(\.versions) == [1, 3], "datasets come by name with their number of versions")
        try require(all[1].newest.digest.hasPrefix("a3"), "and with the newest version")
        try require(try await store.datasets(limit: 1, after: "birds").map(\.name) == ["census"], "a page goes on behind a name")
        for limit in [0, 1_001] {
            try await requireFailure(.invalidArgument) { _ = try await store.versions(dataset: "census", limit: limit, skip: 0) }
        }
        try await requireFailure(.invalidArgument) { _ = try await store.datasets(limit: 0, after: nil) }
    }
}

/// What every store of validation results must do.
package enum ValidationStoreContract {
    package typealias Check = @Sendable (any ValidationStore, any EventLog) async throws -> Void

    package static let checks: [(name: String, run: Check)] = [("a result is kept whole with its event, newest first", keepsWhole)]

    private static let keepsWhole: Check = { store, log in
        let expectation = Expectation(.between(.init(min: 0, max: 120)), column: "AGEP", severity: .warning)
        let miss = ExpectationResult(
            expectation, success: false, unexpectedCount: 2, unexpectedShare: 0.5, observed: 2,
            sample: [.init(row: 7, cells: ["AGEP": 900.5, "SEX": nil, "name": "it's"])], message: "2 of 4 cells do not")
        let other = ExpectationResult(Expectation(.rowCount(.init(min: 1))), success: true, observed: 4, message: "the file has 4 rows")
        var results: [ValidationResult] = []
        for (index, digest) in ["a", "b", "a"].enumerated() {
            let result = ValidationResult(
                id: "id-\(index)", dataset: "census", digest: String(repeating: digest, count: 64), isVersion: index != 1, rows: 4,
                expectations: [miss, other], checkedAt: Timestamp(microseconds: 1_000_000 + Int64(index)))
            let event = EventDraft(
                kind: "validation.passed", subject: EventSubject("dataset", "census"), actor: "a", reason: "r",
                payload: ["id": .string(result.id)],
                time: result.checkedAt)
            try await store.record(result, event: event)
            results.append(result)
        }
        try require(
            try await store.results(dataset: "census", digest: nil, limit: 10) == results.reversed(),
            "all members are read back, newest first")
        try require(
            try await store.results(dataset: "census", digest: results[0].digest, limit: 1) == [results[2]],
            "one content's newest result is found")
        try require(try await store.results(dataset: "none", digest: nil, limit: 10).isEmpty, "an unknown dataset has none")
        try require(try await log.head().sequence == 3, "each result has its event")
    }
}

private func require(_ holds: Bool, _ what: String) throws {
    if !holds { throw JidokaError.internal("the store breaks its contract: \(what)") }
}

private func requireFailure(_ code: ErrorCode, _ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let error as JidokaError where error.code == code {
        return
    }
    throw JidokaError.internal("the store breaks its contract: `\(code.rawValue)` was expected")
}
