import Clockwork
import Errors
import FoundationEssentials
import Interchange
import JSON
import Registry
import Testing
import Tracking

struct DeliveryTests {
    private func deliver(_ source: MemorySource, to server: WorkingServer, journal: String, cut: Int? = nil, early: Bool = false)
        async throws
        -> DeliveryCounts
    {
        let journal = try DeliveryJournal(path: "\(server.folder)/\(journal)")
        return try await Delivery(source, to: server.target(cut: cut, early: early), journal: journal).run()
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func `a delivery cut off anywhere and repeated leaves what an undisturbed one leaves`(
        seed: UInt64
    )
        async throws
    {
        let whole = try await WorkingServer()
        let source = try MemorySource(seed: seed, folder: whole.folder + "/artifacts")
        _ = try await deliver(source, to: whole, journal: "j")
        let exchanges = whole.exchanges
        let wanted = try await whole.state()
        #expect(wanted.contains("run.imported \(source.all.flatMap(\.runs).count)"))
        var random = SplitMix64(seed: seed)
        for _ in 0..<6 {
            let server = try await WorkingServer()
            let cut = Int(random.next() % UInt64(exchanges))
            let early = random.next() % 2 == 0
            await #expect(throws: JidokaError.self) { try await deliver(source, to: server, journal: "j", cut: cut, early: early) }
            // Half of the time the journal is lost too.
            _ = try await deliver(source, to: server, journal: random.next() % 2 == 0 ? "j" : "k")
            let (found, all) = (Set(try await server.state().split(separator: "\n")), Set(wanted.split(separator: "\n")))
            #expect(found.symmetricDifference(all).isEmpty, "cut at \(cut) of \(exchanges), early: \(early)")
        }
    }

    @Test func `a second delivery sends nothing, and without its journal changes nothing`() async throws {
        let server = try await WorkingServer()
        let source = try MemorySource(seed: 9, folder: server.folder + "/artifacts")
        _ = try await deliver(source, to: server, journal: "j")
        let state = try await server.state()
        let again = try await deliver(source, to: server, journal: "j")
        #expect((again.runs, again.points, again.files, again.versions) == (0, 0, 0, 0))
        _ = try await deliver(source, to: server, journal: "another")
        #expect(try await server.state() == state)
    }

    @Test func `a run that grows brings only what is new, and what was changed here stays`() async throws {
        let server = try await WorkingServer()
        var source = try MemorySource(seed: 4, folder: server.folder + "/artifacts")
        source.all[0].runs[0].run.info.status = .running
        source.all[0].runs[0].run.info.lifecycle = .active
        source.all[0].runs[0].run.tags = [Tag(key: "kept", value: "here"), Tag(key: "moved", value: "1")]
        _ = try await deliver(source, to: server, journal: "j")
        let id = source.all[0].runs[0].run.info.id
        for key in ["kept", "moved"] {
            _ = try await server.target().exchange(
                "POST", "/api/2.0/mlflow/runs/set-tag", ["run_id": .string(id), "key": .string(key), "value": "by hand"])
        }
        source.all[0].runs[0].points.append(Metric(key: "m0", value: 42, timestamp: 99_999, step: 99_999))
        source.all[0].runs[0].run.tags[1].value = "2"
        let counts = try await deliver(source, to: server, journal: "j")
        #expect(counts.runs == 1)
        #expect(counts.points == 2, "the new one, and the model's own, which is told each time")
        let run = try await server.target().exchange("GET", "/api/2.0/mlflow/runs/get?run_id=\(id)")
        let tags = run["run"]?["data"]?["tags"]?.arrayValue ?? []
        #expect(tags.first { $0["key"] == "kept" }?["value"] == "by hand")
        #expect(tags.first { $0["key"] == "moved" }?["value"] == "2")
    }

    @Test func `a version whose number is taken gets the next one, once`() async throws {
        let server = try await WorkingServer()
        let first = try MemorySource(seed: 5, folder: server.folder + "/a")
        let second = try MemorySource(seed: 6, folder: server.folder + "/b")
        _ = try await deliver(first, to: server, journal: "first.jsonl")
        _ = try await deliver(second, to: server, journal: "second.jsonl")
        _ = try await deliver(second, to: server, journal: "third.jsonl")
        let found = try await server.target().exchange("GET", "/api/2.0/mlflow/model-versions/search?max_results=1000")
        let count = first.registered[0].versions.count + second.registered[0].versions.count
        #expect(found["model_versions"]?.arrayValue?.count == count)
    }

    @Test func `two deliveries of one source exclude each other`() async throws {
        let server = try await WorkingServer()
        let held = try DeliveryJournal(path: "\(server.folder)/j")
        #expect(throws: JidokaError.self) { try DeliveryJournal(path: "\(server.folder)/j") }
        _ = held
    }
}

struct VersionOriginTests {
    @Test(
        arguments: [
            ("models:/m-1", "", "models:/m-1", "m-1"), ("file:///x/1/models/m-2/artifacts", "", "models:/m-2", "m-2"),
            ("/mlruns/1/0123456789abcdef0123456789abcdef/artifacts/model", "", "runs:/0123456789abcdef0123456789abcdef/model", ""),
            (
                "models:/other/3", "s3://b/1/0123456789abcdef0123456789abcdef/artifacts/a/b", "runs:/0123456789abcdef0123456789abcdef/a/b",
                ""
            ),
            ("/elsewhere/model", "", "/elsewhere/model", ""),
        ] as [(String, String, String, String)]) func `the old place of a version is told in words that the server follows`(
            source: String, storage: String, wanted: String, model: String
        )
    {
        let now = Timestamp.zero
        let origin = VersionOrigin(
            ModelVersion(name: "m", version: 1, source: source, storageLocation: storage, createdAt: now, updatedAt: now))
        #expect(origin.source == wanted)
        #expect(origin.modelID == model)
    }
}
