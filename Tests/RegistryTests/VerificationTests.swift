import Clockwork
import Errors
import Events
import Registry
import SQLStores
import Synchronization
import Testing

struct VerificationTests {
    @Test func `a verification that takes long is answered as pending and ends by itself`() async throws {
        let fixture = try await RegistryFixture()
        defer { fixture.close() }
        try await fixture.model("m", versions: 0)
        fixture.world.state.withLock { $0.verifierWaits = true }
        let pending = try await fixture.register("m")
        #expect(pending.status == .pending)
        #expect(try await fixture.registry.version(name: "m", 1).status == .pending)
        fixture.world.state.withLock { $0.verifierWaits = false }
        while try await fixture.registry.version(name: "m", 1).status == .pending { await Task.yield() }
        #expect(try await fixture.registry.version(name: "m", 1).status == .ready)
    }

    @Test func `what a stop left pending is verified at the next start`() async throws {
        let fixture = try await RegistryFixture()
        defer { fixture.close() }
        try await fixture.model("m", versions: 1)
        let draft = ModelVersionDraft(
            name: "m", description: "", source: "models:/m-1", storageLocation: "mlflow-artifacts:/1/models/m-1/artifacts", runID: "r1",
            runLink: "", modelID: "m-1", userID: "user:ada", tags: [], status: .pending, time: .zero)
        let log = fixture.log
        _ = try await SQLModelVersionStore(database: fixture.database).create(draft) { version in
            .init(
                kind: "model_version.registered", subject: .init("model_version", "\(version.ref)"), actor: "user:ada", reason: "",
                time: .zero)
        }
        try await VerificationRecovery(registry: fixture.registry, started: SystemTime().now()).run()
        #expect(try await fixture.registry.version(name: "m", 2).status == .ready)
        let last = try #require(try await log.events(after: 0, limit: 100, kinds: nil, subject: nil).last)
        #expect(last.draft.kind == "model_version.verified")
        #expect(last.draft.actor == "user:ada")
    }

    @Test func `an address outside of the server is registered and never ready`() async throws {
        let fixture = try await RegistryFixture()
        defer { fixture.close() }
        try await fixture.model("m", versions: 0)
        let version = try await fixture.register("m", source: "s3://bucket/model", modelID: "")
        #expect(version.status == .failed)
        #expect(version.statusMessage.contains("s3://"))
        #expect(try await fixture.registry.downloadURI(name: "m", version: 1) == "s3://bucket/model")
        #expect(fixture.world.state.withLock { $0.asked.isEmpty })
        for source in ["s3://bucket/../x", "file:///etc", "http://host/model", "/etc/passwd", "s3:///a/%2e%2e/b"] {
            #expect(await refusal { _ = try await fixture.register("m", source: source, modelID: "") }?.code == .invalidArgument)
        }
    }

    @Test func `the code version is the run's commit, and stays what it was at the first verification`() async throws {
        let fixture = try await RegistryFixture()
        defer { fixture.close() }
        fixture.world.state.withLock { $0.report.codeVersion = "c0ffee" }
        try await fixture.model("m", versions: 1)
        fixture.world.state.withLock { $0.commit = "decade" }
        _ = try await fixture.registry.verify(name: "m", version: 1, actor: "user:test")
        #expect(fixture.world.state.withLock { $0.asked.map(\.codeVersion) } == ["c0ffee", "c0ffee"])
    }
}
