import Clockwork
import Errors
import FoundationEssentials
import Interchange
import Registry
import Tracking

/// A random store of experiments, kept in memory with its artifacts in a folder.
struct MemorySource: InterchangeSource {
    let title = "a memory"
    let remarks: [String] = []
    var all: [(experiment: Experiment, runs: [SourceRun], models: [LoggedModel])] = []
    var registered: [(model: RegisteredModel, versions: [ModelVersion])] = []
    let folder: String

    init(seed: UInt64, folder: String) throws {
        var random = SplitMix64(seed: seed)
        self.folder = folder
        func below(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        func id() -> String { hex16(random.next()) + hex16(random.next()) }
        let time = Timestamp(milliseconds: 1_700_000_000_000)
        for number in 0..<3 {
            let experiment = Experiment(
                id: "\(40 + number)", name: "e\(number)", artifactLocation: "", lifecycle: number == 2 ? .deleted : .active,
                createdAt: time,
                updatedAt: time, tags: [Tag(key: "team", value: "\(below(9))")])
            var (runs, models): ([SourceRun], [LoggedModel]) = ([], [])
            for _ in 0..<(1 + below(3)) {
                let runID = id()
                let model = LoggedModel(
                    id: "m-" + id(), experimentID: experiment.id, name: "net", artifactURI: "", status: .ready, modelType: "",
                    sourceRunID: runID, createdAt: time, updatedAt: time, params: [Param(key: "depth", value: "\(below(9))")],
                    tags: [Tag(key: "k", value: "v")],
                    metrics: [Metric(key: "m0", value: 0.25, timestamp: 5, step: 0, modelID: "", runID: runID)])
                var named = model
                named.metrics[0].modelID = model.id
                models.append(named)
                let ended = below(3) > 0
                let run = Run(
                    info: RunInfo(
                        id: runID, experimentID: experiment.id, name: "r\(below(100))", userID: "ann", status: ended ? .finished : .running,
                        startTime: 1, endTime: ended ? 9 : nil, artifactURI: "",
                        lifecycle: number == 2 || below(4) == 0 ? .deleted : .active),
                    params: (0..<below(150)).map { Param(key: "p\($0)", value: "\(below(10))") },
                    tags: [Tag(key: "note", value: "a\nb")],
                    datasets: [DatasetInput(name: "d", digest: "\(below(9))", sourceType: "local", source: "s")],
                    modelOutputs: [ModelOutput(modelID: model.id, step: 2)])
                let points = (0..<below(1_500)).map { number -> Metric in
                    let value = number % 50 == 7 ? Double.nan : Double(below(1_000)) / 7
                    return Metric(key: "m\(number % 3)", value: value, timestamp: Int64(number), step: Int64(number / 3))
                }
                runs.append(SourceRun(run: run, points: points, growsAtEnd: true))
                for file in ["a.txt", "deep/b.bin"] { try write("\(runID)/\(file)", below(1_000)) }
                try write("\(model.id)/MLmodel", below(1_000))
            }
            all.append((experiment, runs, models))
        }
        let made = all[0].models
        let versions = made.indices.map { index in
            ModelVersion(
                name: "reg", version: 1 + index * 2, stage: .staging, status: .ready,
                source: "file:///old/models/\(made[index].id)/artifacts",
                storageLocation: "/old/models/\(made[index].id)/artifacts", runID: made[index].sourceRunID, createdAt: time, updatedAt: time
            )
        }
        let model = RegisteredModel(
            name: "reg", description: "d", createdAt: time, updatedAt: time, tags: [ModelTag(key: "t", value: "1")],
            aliases: [ModelAlias(alias: "champion", version: 1)])
        registered = [(model, versions)]
    }

    private func write(_ path: String, _ size: Int) throws {
        let file = "\(folder)/\(path)"
        try FileManager.default.createDirectory(
            atPath: String(file[..<(file.lastIndex(of: "/") ?? file.endIndex)]), withIntermediateDirectories: true)
        try Data(repeating: 7, count: size).write(to: URL(filePath: file))
    }

    func experiments() async throws -> [Experiment] { all.map(\.experiment) }
    func runIDs(of experiment: Experiment) async throws -> [String] {
        all.first { $0.experiment.id == experiment.id }?.runs.map(\.run.info.id) ?? []
    }
    func run(_ id: String, of experiment: Experiment) async throws -> SourceRun? {
        all.flatMap(\.runs).first { $0.run.info.id == id }
    }
    func loggedModels(of experiment: Experiment) async throws -> [LoggedModel] {
        all.first { $0.experiment.id == experiment.id }?.models ?? []
    }
    func models() async throws -> [RegisteredModel] { registered.map(\.model) }
    func versions(of model: RegisteredModel) async throws -> [ModelVersion] {
        registered.first { $0.model.name == model.name }?.versions ?? []
    }
    func files(of place: ArtifactPlace) async throws -> [SourceFile] {
        let owner = place.inside.split(separator: "/").dropLast().last.map(String.init) ?? ""
        return ["a.txt", "deep/b.bin", "MLmodel"].compactMap { name in
            let path = "\(folder)/\(owner)/\(name)"
            guard let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int else { return nil }
            return SourceFile(path: name, size: Int64(size), stamp: "\(size)", local: path)
        }
    }
    func fetch(_ file: SourceFile, to path: String) async throws { throw JidokaError.notFound("no such file") }
}
