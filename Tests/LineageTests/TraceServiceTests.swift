import Clockwork
import Errors
import JSON
import Lineage
import Testing

/// Links as they are stored; each test takes some away.
private struct Archive: LineageSource {
    var predictions: [String: Trace.Prediction] = [
        "p1": Trace.Prediction(
            id: "p1", time: Timestamp(microseconds: 1_767_225_600_000_000), endpoint: "employment", route: "challenger",
            model: "employment",
            version: "3", details: ["label": true])
    ]
    var versions: [String: Trace.ModelVersion] = [
        "employment/3": Trace.ModelVersion(
            name: "employment", version: "3", digest: "ab12", runID: "run1", modelID: "m-1", createdAt: Timestamp(microseconds: 5))
    ]
    var runs: [String: Trace.Run] = [
        "run1": Trace.Run(
            id: "run1", name: "trusting-bee", experiment: "employment", status: "FINISHED",
            tags: [
                "jidoka.pipeline_run": "pr1", "jidoka.git.commit": "c0ffee", "jidoka.git.dirty": "false", "jidoka.git.branch": "main",
                "mlflow.source.name": "train.py", "jidoka.dataset.census": "d1", "jidoka.dataset.aux": "d2",
                "mlflow.source.git.commit": "older",
            ])
    ]
    var datasets: [String: Trace.DatasetVersion] = [
        "census@d1": Trace.DatasetVersion(name: "census", digest: "d1", rows: 68_785, source: "census-2015.parquet"),
        "aux@d2": Trace.DatasetVersion(name: "aux", digest: "d2", rows: 10, source: nil),
    ]

    func prediction(_ id: String) async throws -> Trace.Prediction? { predictions[id] }
    func modelVersion(name: String, version: String) async throws -> Trace.ModelVersion? { versions["\(name)/\(version)"] }
    func run(_ id: String) async throws -> Trace.Run? { runs[id] }
    func dataset(name: String, digest: String) async throws -> Trace.DatasetVersion? { datasets["\(name)@\(digest)"] }
}

struct TraceServiceTests {
    private var archive = Archive()

    private func trace(_ archive: Archive) async throws -> Trace { try await TraceService(source: archive).trace("p1") }

    @Test func `a prediction is followed to model, run, code and data without a gap`() async throws {
        let trace = try await trace(archive)
        #expect(trace.gaps == [])
        #expect(trace.modelVersion?.digest == "ab12")
        #expect(trace.run?.name == "trusting-bee")
        #expect(trace.pipelineRun == "pr1")
        #expect(trace.code?.commit == "c0ffee" && trace.code?.dirty == false && trace.code?.branch == "main")
        #expect(trace.datasets.map(\.name) == ["aux", "census"])
    }

    @Test func `an unknown prediction is not found, with where ids come from`() async {
        let error = await #expect(throws: JidokaError.self) { try await TraceService(source: archive).trace("none") }
        #expect(error?.code == .notFound)
        #expect(error?.hint?.contains("x-jidoka-prediction-id") ?? false)
    }

    /// What is missing, and the gaps that are told.
    enum Missing: String, CaseIterable {
        case version, runID, run, tags, dataset, plainRun
    }

    @Test(arguments: [
        (Missing.version, ["model version employment/3 is not in the registry"]), (.runID, ["the model version names no run"]),
        (.run, ["run run1 is not in the tracking store"]),
        (
            .tags,
            [
                "the run names no code commit: it ran outside a git work tree",
                "whether the code was dirty is not known: the run was not started by a pipeline", "the run names no dataset version",
            ]
        ), (.dataset, ["dataset version census@d1 is not stored"]),
        (
            .plainRun,
            ["whether the code was dirty is not known: the run was not started by a pipeline", "the run names no dataset version"]
        ),
    ])
    func `a missing link is a gap that says why, and what is known stays`(missing: Missing, gaps: [String]) async throws {
        var archive = archive
        switch missing {
        case .version: archive.versions = [:]
        case .runID: archive.versions["employment/3"]?.runID = nil
        case .run: archive.runs = [:]
        case .tags: archive.runs["run1"]?.tags = [:]
        case .dataset: archive.datasets["census@d1"] = nil
        // A script of one's own under the stock client, without a pipeline.
        case .plainRun: archive.runs["run1"]?.tags = ["mlflow.source.git.commit": "c0ffee", "mlflow.source.git.branch": "main"]
        }
        let trace = try await trace(archive)
        #expect(trace.gaps == gaps)
        #expect(trace.prediction.id == "p1")
        #expect((trace.modelVersion == nil) == (missing == .version))
        #expect((trace.run == nil) == [Missing.version, .runID, .run].contains(missing))
        if missing == .dataset {
            #expect(trace.datasets.map(\.digest) == ["d2", "d1"])
            #expect(trace.datasets.last?.rows == nil)
        }
        if missing == .plainRun { #expect(trace.code?.commit == "c0ffee" && trace.code?.branch == "main") }
    }

    @Test func `the document shows every link, and null for a missing one`() async throws {
        let whole = JSONValue.object(try await trace(archive).json)
        #expect(whole["prediction"]?["id"] == "p1")
        #expect(whole["prediction"]?["time"] == "2026-01-01T00:00:00.000000Z")
        #expect(whole["route"] == "challenger")
        #expect(whole["model_version"]?["version"] == "3")
        #expect(whole["code"]?["dirty"] == false)
        #expect(whole["dataset"]?["name"] == "aux" && whole["datasets"]?[1]?["rows"] == 68_785)
        var bare = archive
        bare.versions = [:]
        let cut = JSONValue.object(try await trace(bare).json)
        for link in ["model_version", "run", "pipeline_run", "code", "dataset"] { #expect(cut[link] == .null, "\(link)") }
        #expect(cut["gaps"]?[0] == "model version employment/3 is not in the registry")
    }
}
