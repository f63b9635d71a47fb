import Clockwork
import Errors
import FoundationEssentials
import Interchange
import JSON
import Testing
import Tracking

struct ExportTests {
    private func files(_ folder: String) throws -> [String: String] {
        var found: [String: String] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            guard let bytes = FileManager.default.contents(atPath: "\(folder)/\(path)") else { continue }
            found[path] = String(decoding: bytes, as: UTF8.self).replacing(folder, with: "ROOT")
        }
        return found
    }

    private func deliver(_ source: any InterchangeSource, to server: WorkingServer) async throws {
        _ = try await Delivery(source, to: server.target(), journal: try DeliveryJournal(path: "\(server.folder)/j")).run()
    }

    private func export(_ server: WorkingServer, _ name: String) async throws -> String {
        let folder = "\(server.folder)/\(name)"
        _ = try await MLflowExport(ServerSource(server.target()), to: folder, replacing: false, withArtifacts: true, id: "x").run()
        return folder
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func `what was exported and imported elsewhere is the same, and exports the same files`(
        seed: UInt64
    )
        async throws
    {
        let (first, second) = (try await WorkingServer(), try await WorkingServer())
        try await deliver(try MemorySource(seed: seed, folder: first.folder + "/artifacts"), to: first)
        // Keys that are no file names, and one that would be the folder of another.
        let run = try await first.target().exchange("POST", "/api/2.0/mlflow/runs/create", ["experiment_id": "0", "start_time": 5])
        let id = run["run"]?["info"]?["run_id"] ?? .null
        _ = try await first.target().exchange(
            "POST", "/api/2.0/mlflow/runs/log-batch",
            [
                "run_id": id, "params": [["key": "a", "value": "1"], ["key": "a/b", "value": "two\nlines"]] as JSONValue,
                "tags": [["key": .string("long " + String(repeating: "x", count: 240)), "value": "ü"]] as JSONValue,
                "metrics": [
                    ["key": "m", "value": 0.1, "timestamp": 1, "step": -3] as JSONValue,
                    ["key": "m/n", "value": "NaN", "timestamp": 2, "step": 0] as JSONValue,
                    ["key": "m/n", "value": 1e-300, "timestamp": 3, "step": 1] as JSONValue,
                ] as JSONValue,
            ])
        let folder = try await export(first, "out")
        #expect(MLflowFolder.isOne(folder))
        try await deliver(MLflowFolder(root: folder, pool: BlockingPool(threads: 1)), to: second)
        let (wanted, found) = (try await first.state(), try await second.state())
        let differ = Set(wanted.split(separator: "\n")).symmetricDifference(found.split(separator: "\n")).filter {
            !$0.contains("imported")
        }
        #expect(differ.isEmpty, "\(differ.sorted().joined(separator: "\n"))")
        let (one, two) = (try files(folder), try files(try await export(second, "out")))
        // When something was changed last is a fact of each server.
        func lasting(_ text: String?) -> [Substring]? { text?.split(separator: "\n").filter { !$0.hasPrefix("last_update") } }
        #expect(Set(one.keys).symmetricDifference(two.keys).isEmpty, "\(Set(one.keys).symmetricDifference(two.keys).sorted())")
        for (path, text) in one where path != "0/meta.yaml" { #expect(lasting(text) == lasting(two[path]), "\(path)") }
    }

    @Test func `nothing is overwritten, and nothing half written stays`() async throws {
        let server = try await WorkingServer()
        try await deliver(try MemorySource(seed: 4, folder: server.folder + "/artifacts"), to: server)
        let folder = try await export(server, "out")
        let error = await #expect(throws: JidokaError.self) {
            _ = try await MLflowExport(ServerSource(server.target()), to: folder, replacing: false, withArtifacts: true, id: "y").run()
        }
        #expect(error?.code == .alreadyExists)
        let done = try await MLflowExport(ServerSource(server.target()), to: folder, replacing: true, withArtifacts: false, id: "z").run()
        #expect(try files(try #require(done.kept)).count >= (try files(folder).count))
        await #expect(throws: JidokaError.self) {
            let broken = ServerSource(server.target(cut: 7, early: true))
            _ = try await MLflowExport(broken, to: server.folder + "/torn", replacing: false, withArtifacts: true, id: "t").run()
        }
        #expect(!(try FileManager.default.contentsOfDirectory(atPath: server.folder)).contains { $0.hasPrefix("torn") })
        let missing = await #expect(throws: JidokaError.self) {
            _ = try await ServerSource(server.target(), experiments: ["nope"]).experiments()
        }
        #expect(missing?.code == .notFound)
    }

    @Test func `tables hold every row as JSON`() async throws {
        let server = try await WorkingServer()
        let source = try MemorySource(seed: 5, folder: server.folder + "/artifacts")
        try await deliver(source, to: server)
        let folder = server.folder + "/tables"
        let counts = try await TableExport(ServerSource(server.target()), to: folder, replacing: false, id: "x").run().counts
        func rows(_ name: String) throws -> [JSONValue] {
            let bytes = try #require(FileManager.default.contents(atPath: "\(folder)/\(name).jsonl"))
            return try String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { try JSONValue.parse(String($0)) }
        }
        #expect(try rows("runs").count == source.all.flatMap(\.runs).count && counts.runs == (try rows("runs").count))
        #expect(try rows("metrics").count == counts.points && counts.points > 0)
        #expect(try rows("model_versions").map { $0["stage"] } == source.registered[0].versions.map { _ in "Staging" })
        #expect(try rows("experiments").count == counts.experiments && (try rows("logged_models").count) == counts.loggedModels)
        #expect(try rows("registered_models").first?["aliases"]?["champion"] == 1)
    }
}
