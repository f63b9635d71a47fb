import Errors
import Events
import JSON
import Registry
import SQLStores
import Synchronization
import Testing

@Suite struct GateJudgementTests {
    private static func slice(_ value: String, _ f1: Double, rows: Int = 100) -> Evaluation.Slice {
        .init(column: "SEX", value: value, rows: rows, metrics: ["f1": f1])
    }

    private static let evaluation = Evaluation(
        rows: 1_000, metrics: ["f1": 0.7, "log_loss": 0.4, "broken": .nan],
        slices: [slice("1", 0.75), slice("2", 0.66), slice("3", 0.1, rows: 5)],
        latencyP99Milliseconds: 12)
    private static let champion = Evaluation(rows: 1_000, metrics: ["f1": 0.69, "log_loss": 0.45])

    static let table: [(check: Check, verdict: GateVerdict, value: Double?)] = [
        (.metric("f1", min: 0.6, max: nil), .passed, 0.7), (.metric("f1", min: 0.7, max: nil), .passed, 0.7),
        (.metric("f1", min: 0.71, max: nil), .failed, 0.7), (.metric("f1", min: nil, max: 0.6), .failed, 0.7),
        (.metric("f1", min: 0.6, max: 0.8), .passed, 0.7), (.metric("recall", min: 0, max: nil), .failed, nil),
        (.metric("broken", min: 0, max: nil), .failed, nil), (.betterThanChampion("f1", by: 0), .passed, 0.7),
        (.betterThanChampion("f1", by: 0.01), .passed, 0.7), (.betterThanChampion("f1", by: 0.02), .failed, 0.7),
        (.betterThanChampion("log_loss", by: 0.04), .passed, 0.4), (.betterThanChampion("log_loss", by: 0.06), .failed, 0.4),
        (.slices(["SEX"], metric: "f1", maxGap: 0.1), .passed, 0.09), (.slices(["SEX"], metric: "f1", maxGap: 0.05), .failed, 0.09),
        (.slices(["RACE"], metric: "f1", maxGap: 1), .failed, nil), (.latencyP99(milliseconds: 50), .passed, 12),
        (.latencyP99(milliseconds: 10), .failed, 12),
    ]

    @Test(arguments: table) func `a check says what it saw`(check: Check, verdict: GateVerdict, value: Double?) {
        let result = GateJudgement.judge(check, Self.evaluation, Self.champion)
        #expect(result.verdict == verdict, "\(result.detail)")
        if let value { #expect(abs((result.value ?? .nan) - value) < 1e-9) } else { #expect(result.value == nil) }
        #expect(!result.detail.isEmpty)
    }

    @Test func `without a champion there is nothing to beat`() {
        let result = GateJudgement.judge(.betterThanChampion("f1", by: 0.5), Self.evaluation, nil)
        #expect(result.verdict == .passed)
        #expect(result.detail == "there is no champion to compare with yet")
    }

    @Test func `no rows are no evidence`() {
        let nothing = Evaluation(rows: 0, metrics: ["f1": 1])
        #expect(GateJudgement.judge(.metric("f1", min: 0, max: nil), nothing, nil).verdict == .failed)
    }

    @Test func `equal to the champion passes when no gain is asked for`() {
        let same = Evaluation(rows: 10, metrics: ["f1": 0.1 + 0.2])
        let rival = Evaluation(rows: 10, metrics: ["f1": 0.3])
        #expect(GateJudgement.judge(.betterThanChampion("f1", by: 0), rival, same).verdict == .passed)
    }
}

@Suite struct GateServiceTests {
    private static let data = EvaluationData(dataset: "census", version: "0123456789ab")
    private static let gate = Gate(checks: [.metric("f1", min: 0.6, max: nil), .betterThanChampion("f1", by: 0)])

    private func with(_ body: (RegistryFixture) async throws -> Void) async throws {
        let fixture = try await RegistryFixture()
        defer { fixture.close() }
        try await body(fixture)
    }

    private func judge(_ fixture: RegistryFixture, _ version: Int) async throws -> GateReport {
        let champion = try await fixture.gates.champion(of: "m")
        return try await fixture.gates.judge(
            name: "m", version: version, gate: Self.gate, on: Self.data, champion: champion, actor: "user:test")
    }

    @Test func `a version with a passed gate becomes champion`() async throws {
        try await with { fixture in
            try await fixture.model("m", versions: 1)
            let report = try await judge(fixture, 1)
            #expect(report.verdict == .passed)
            #expect(report.digest == "d1")
            let promoted = try await fixture.gates.promote(name: "m", version: 1, actor: "user:al", reason: "first")
            #expect(promoted.aliases == ["champion"])
            #expect(try await fixture.kinds().suffix(2) == ["gate.passed", "model_version.promoted"])
        }
    }

    @Test func `a version without a passed gate is refused`() async throws {
        try await with { fixture in
            fixture.world.state.withLock { $0.evaluations[1] = Evaluation(rows: 100, metrics: ["f1": 0.5]) }
            try await fixture.model("m", versions: 1)
            let unjudged = await refusal { _ = try await fixture.gates.promote(name: "m", version: 1, actor: "u", reason: "x") }
            #expect(unjudged?.message == "version 1 of `m` has no passed gate: it was never judged")
            #expect(try await judge(fixture, 1).verdict == .failed)
            let failed = await refusal { _ = try await fixture.gates.promote(name: "m", version: 1, actor: "u", reason: "x") }
            #expect(failed?.code == .failedPrecondition)
            #expect(failed?.message.contains("`f1` is 0.5, below 0.6") == true)
            #expect(try await fixture.gates.champion(of: "m") == nil)
        }
    }

    @Test func `an override needs a reason and is kept in the event`() async throws {
        try await with { fixture in
            try await fixture.model("m", versions: 1)
            let silent = await refusal {
                _ = try await fixture.gates.promote(name: "m", version: 1, actor: "u", reason: " ", override: true)
            }
            #expect(silent?.code == .invalidArgument)
            _ = try await fixture.gates.promote(name: "m", version: 1, actor: "user:al", reason: "drill", override: true)
            let event = try await fixture.log.events(after: 0, limit: 100, kinds: ["model_version.promoted"], subject: nil).last
            #expect(event?.draft.payload["override"] == .bool(true))
            #expect(event?.draft.payload["gate_passed"] == .bool(false))
            #expect(event?.draft.reason == "drill")
        }
    }

    @Test func `the challenger is compared with the champion on the same rows`() async throws {
        try await with { fixture in
            try await fixture.model("m", versions: 2)
            _ = try await judge(fixture, 1)
            _ = try await fixture.gates.promote(name: "m", version: 1, actor: "u", reason: "x")
            fixture.world.state.withLock { $0.evaluations[2] = Evaluation(rows: 100, metrics: ["f1": 0.69]) }
            let report = try await judge(fixture, 2)
            #expect(report.verdict == .failed)
            #expect(report.champion == 1)
            #expect(report.checks[1].championValue == 0.7)
            #expect(try await fixture.gates.newestReport(name: "m", version: 2) == report)
        }
    }

    @Test func `a gate passed by other bytes does not count`() async throws {
        try await with { fixture in
            try await fixture.model("m", versions: 0)
            fixture.world.state.withLock { $0.verifierFails = true }
            _ = try await fixture.register("m")
            #expect(await refusal { _ = try await judge(fixture, 1) }?.code == .failedPrecondition)
            fixture.world.state.withLock { $0.verifierFails = false }
            _ = try await fixture.registry.verify(name: "m", version: 1, actor: "u")
            _ = try await judge(fixture, 1)
            fixture.world.state.withLock { $0.report.digest = "d2" }
            _ = try await fixture.registry.verify(name: "m", version: 1, actor: "u")
            #expect(
                await refusal { _ = try await fixture.gates.promote(name: "m", version: 1, actor: "u", reason: "x") }?.code
                    == .failedPrecondition)
        }
    }

    @Test func `two promotions cannot both win`() async throws {
        try await with { fixture in
            try await fixture.model("m", versions: 6)
            for version in 1...6 { _ = try await judge(fixture, version) }
            let outcomes = await withTaskGroup(of: ErrorCode?.self) { group in
                for version in 1...6 {
                    group.addTask {
                        await refusal { _ = try await fixture.gates.promote(name: "m", version: version, actor: "u", reason: "race") }?.code
                    }
                }
                return await group.reduce(into: [ErrorCode?]()) { $0.append($1) }
            }
            // Promotions that began after another had ended saw its champion and may win too; those that raced may not.
            let events = try await fixture.log.events(after: 0, limit: 100, kinds: ["model_version.promoted"], subject: nil)
            #expect(events.count == outcomes.filter { $0 == nil }.count)
            #expect(outcomes.allSatisfy { $0 == nil || $0 == .conflict })
            var champion: Int64?
            for event in events {
                #expect(event.draft.payload["before"]?.intValue == champion)
                champion = event.draft.payload["version"]?.intValue
            }
            #expect(try await fixture.gates.champion(of: "m").map(Int64.init) == champion)
        }
    }
}
