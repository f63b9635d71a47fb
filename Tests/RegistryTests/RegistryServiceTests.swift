import Errors
import Events
import JSON
import Registry
import SQLStores
import Synchronization
import Testing

@Suite struct RegistryServiceTests {
    private func with(_ body: (RegistryFixture) async throws -> Void) async throws {
        let fixture = try await RegistryFixture()
        defer { fixture.close() }
        try await body(fixture)
    }

    @Test func `a version is ready when its files are sound`() async throws {
        try await with { fixture in
            try await fixture.model("m", versions: 0)
            let version = try await fixture.register("m")
            #expect(version.status == .ready)
            #expect(version.statusMessage == "fine")
            #expect(version.runID == "r1")
            #expect(version.storageLocation == "mlflow-artifacts:/1/models/m-1/artifacts")
            #expect(version.verification?.digest == "d1")
            #expect(try await fixture.kinds() == ["registered_model.created", "model_version.registered", "model_version.verified"])
        }
    }

    @Test(arguments: [
        VerificationReport(
            files: 0, bytes: 0, digest: "", flavors: [], loads: nil, predicts: nil, detail: "", problem: "there are no files"),
        VerificationReport(files: 2, bytes: 9, digest: "d", flavors: ["onnx"], loads: false, predicts: nil, detail: "it does not load"),
        VerificationReport(files: 2, bytes: 9, digest: "d", flavors: ["onnx"], loads: true, predicts: false, detail: "it does not predict"),
    ])
    func `a version whose files are not sound has failed, with the reason`(report: VerificationReport) async throws {
        try await with { fixture in
            fixture.world.state.withLock { $0.report = report }
            try await fixture.model("m", versions: 0)
            let version = try await fixture.register("m")
            #expect(version.status == .failed)
            #expect(version.statusMessage == report.problem ?? report.detail)
            #expect(try await fixture.kinds().last == "model_version.rejected")
        }
    }

    @Test func `a format that the server does not run is ready without being loaded`() async throws {
        try await with { fixture in
            fixture.world.state.withLock {
                $0.report = VerificationReport(
                    files: 2, bytes: 9, digest: "d", flavors: ["sklearn"], loads: nil, predicts: nil,
                    detail: "not loaded: sklearn runs code")
            }
            try await fixture.model("m", versions: 0)
            #expect(try await fixture.register("m").status == .ready)
        }
    }

    @Test func `a version that could not be verified is refused with the reason until it is`() async throws {
        try await with { fixture in
            fixture.world.state.withLock { $0.verifierFails = true }
            try await fixture.model("m", versions: 0)
            let refused = try await fixture.register("m")
            #expect(refused.status == .failed)
            #expect(refused.statusMessage.contains("ONNX Runtime is not installed"))
            fixture.world.state.withLock { $0.verifierFails = false }
            #expect(try await fixture.registry.verify(name: "m", version: 1, actor: "user:test").status == .ready)
        }
    }

    @Test func `other bytes under a verified version are a failure`() async throws {
        try await with { fixture in
            try await fixture.model("m", versions: 1)
            fixture.world.state.withLock { $0.report.digest = "d2" }
            let again = try await fixture.registry.verify(name: "m", version: 1, actor: "user:test")
            #expect(again.status == .failed)
            #expect(again.verification?.digest == "d1")
            #expect(again.statusMessage == "the files are no longer those that were verified")
        }
    }

    static let sources: [(source: String, runID: String, modelID: String, location: String?)] = [
        ("models:/m-1", "", "m-1", "mlflow-artifacts:/1/models/m-1/artifacts"),
        ("models:/m-1", "", "", nil), ("models:/m-1", "", "m-2", nil), ("models:/m-2", "", "m-2", nil),
        ("runs:/r1/model", "r1", "", "mlflow-artifacts:/1/r1/artifacts/model"),
        ("runs:/r1/model", "", "", nil), ("runs:/r1/model", "r2", "", nil), ("runs:/r2/model", "r2", "", nil),
        ("runs:/r1/model", "r1", "m-1", nil),
        ("runs:/r1", "r1", "", nil), ("runs://r1/model", "r1", "", nil),
        ("mlflow-artifacts:/1/r1/artifacts/model", "r1", "", "mlflow-artifacts:/1/r1/artifacts/model"),
        ("mlflow-artifacts://host:5000/1/r1/artifacts/m", "r1", "", "mlflow-artifacts://host:5000/1/r1/artifacts/m"),
        ("mlflow-artifacts:/1/r1/artifacts2/model", "r1", "", nil), ("mlflow-artifacts:/1/r9/artifacts/model", "r1", "", nil),
        ("mlflow-artifacts:/1/models/m-1/artifacts", "", "m-1", "mlflow-artifacts:/1/models/m-1/artifacts"),
        ("mlflow-artifacts:/1/r1/artifacts/../../r2/artifacts", "r1", "", nil),
        ("mlflow-artifacts:/1/r1/artifacts/%2e%2e/x", "r1", "", nil), ("mlflow-artifacts:/1/r1/artifacts/%252e%252e/x", "r1", "", nil),
        ("mlflow-artifacts:/1/r1/artifacts/a#b", "r1", "", nil), ("/etc/passwd", "r1", "", nil), ("file:///etc/passwd", "r1", "", nil),
        ("s3://bucket/model", "r1", "", "s3://bucket/model"), ("http://169.254.169.254/latest", "r1", "", nil),
        ("models:/../x", "", "", nil),
        ("", "r1", "", nil),
    ]

    @Test(arguments: sources)
    func `a source is followed only to files of the run or model that is named`(
        source: String, runID: String, modelID: String, location: String?
    ) async throws {
        try await with { fixture in
            try await fixture.model("m", versions: 0)
            if let location {
                #expect(try await fixture.register("m", source: source, runID: runID, modelID: modelID).storageLocation == location)
            } else {
                let error = await refusal { _ = try await fixture.register("m", source: source, runID: runID, modelID: modelID) }
                #expect(error?.code == .invalidArgument)
                #expect(try await fixture.kinds() == ["registered_model.created"])
            }
        }
    }

    @Test func `a version can be copied from another model`() async throws {
        try await with { fixture in
            try await fixture.model("m", versions: 1)
            try await fixture.model("n", versions: 0)
            let copy = try await fixture.register("n", source: "models:/m/1", modelID: "")
            #expect(copy.storageLocation == "mlflow-artifacts:/1/models/m-1/artifacts")
            #expect(copy.runID == "r1")
        }
    }

    @Test func `stages are read in any case, and only active ones archive others`() async throws {
        try await with { fixture in
            try await fixture.model("m", versions: 2)
            _ = try await fixture.registry.transition(name: "m", version: 1, to: "PRODUCTION", archiveExisting: false, actor: "u")
            let moved = try await fixture.registry.transition(name: "m", version: 2, to: "production", archiveExisting: true, actor: "u")
            #expect(moved.stage == .production)
            #expect(try await fixture.registry.version(name: "m", 1).stage == .archived)
            let error = await refusal {
                _ = try await fixture.registry.transition(name: "m", version: 2, to: "None", archiveExisting: true, actor: "u")
            }
            #expect(error?.code == .invalidArgument)
            let unknown = await refusal {
                _ = try await fixture.registry.transition(name: "m", version: 2, to: "Foo", archiveExisting: false, actor: "u")
            }
            #expect(unknown?.message == "Invalid Model Version stage: Foo. Value must be one of None, Staging, Production, Archived.")
        }
    }

    @Test(arguments: ["", "latest", "Latest", "v1", "V22", "a b", "a/b", String(repeating: "a", count: 256)])
    func `an alias may not be called that`(alias: String) async throws {
        try await with { fixture in
            try await fixture.model("m", versions: 1)
            let error = await refusal { try await fixture.registry.setAlias(alias, name: "m", version: 1, actor: "u") }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func `every move of an alias tells where it was before`() async throws {
        try await with { fixture in
            try await fixture.model("m", versions: 2)
            try await fixture.registry.setAlias("champion", name: "m", version: 1, actor: "user:al")
            try await fixture.registry.setAlias("champion", name: "m", version: 2, actor: "user:al")
            try await fixture.registry.deleteAlias("champion", name: "m", actor: "user:al")
            try await fixture.registry.deleteAlias("champion", name: "m", actor: "user:al")
            let moves = try await fixture.log.events(
                after: 0, limit: 100, kinds: ["model_version.alias_set", "model_version.alias_removed"], subject: nil)
            #expect(moves.map { $0.draft.payload["before"]?.intValue } == [nil, 1, 2])
            #expect(moves.map(\.draft.subject.id) == ["m/1", "m/2", "m/2"])
            #expect(await refusal { _ = try await fixture.registry.version(name: "m", alias: "champion") }?.code == .invalidArgument)
            #expect(try await fixture.registry.version(name: "m", alias: "latest").version == 2)
        }
    }

    @Test(arguments: ["", "  ", "a/b", "a:b", "..", "a\nb"]) func `a model may not be called that`(name: String) async throws {
        try await with { fixture in
            #expect(await refusal { _ = try await fixture.registry.createModel(name: name, actor: "u") }?.code == .invalidArgument)
        }
    }
}
