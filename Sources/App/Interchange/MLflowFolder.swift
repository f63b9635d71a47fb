package import Clockwork
import Errors
import Registry
package import Tracking
import YAML

/// MLflow's file store (`mlruns`), of all versions that write `meta.yaml`: active things in numbered folders, deleted experiments in
/// `.trash`, registered models in `models`. What our own export could not put into this layout is in `jidoka.json` beside it.
package struct MLflowFolder: InterchangeSource {
    let root: String
    let pool: BlockingPool
    let artifacts: LocalArtifacts

    package var title: String { "MLflow folder \(root)" }
    package var remarks: [String] { artifacts.remarks.list }

    /// - Parameter artifactFolder: where a server kept the artifacts, when they are not in the folder itself.
    package init(root: String, artifactFolder: String? = nil, pool: BlockingPool) {
        self.root = root
        self.pool = pool
        // Those of deleted experiments moved to the trash with them.
        artifacts = LocalArtifacts(roots: [root, "\(root)/.trash"] + (artifactFolder.map { [$0] } ?? []), remarks: Remarks())
    }

    /// Whether a folder looks like one.
    package static func isOne(_ folder: String) -> Bool {
        let places = Disk.folders(folder).map { "\(folder)/\($0)" } + Disk.folders("\(folder)/.trash").map { "\(folder)/.trash/\($0)" }
        return places.contains { Disk.isFile("\($0)/meta.yaml") } || Disk.names("\(folder)/models").contains { !$0.hasPrefix(".") }
    }

    package func experiments() async throws -> [Experiment] {
        try await pool.run { [self] in
            var found: [Experiment] = []
            for folder in experimentFolders() { if let experiment = try experiment(in: folder) { found.append(experiment) } }
            return found
        }
    }

    package func runIDs(of experiment: Experiment) async throws -> [String] {
        try await pool.run { [self] in
            guard let folder = folder(of: experiment.id) else { return [] }
            return Disk.folders(folder).filter { Disk.isFile("\(folder)/\($0)/meta.yaml") }
        }
    }

    package func run(_ id: String, of experiment: Experiment) async throws -> SourceRun? {
        try await pool.run { [self] in
            guard let folder = folder(of: experiment.id), Disk.isFile("\(folder)/\(id)/meta.yaml") else { return nil }
            return try MLflowRunFolder(folder: "\(folder)/\(id)", experiment: folder, remarks: artifacts.remarks).read()
        }
    }

    package func loggedModels(of experiment: Experiment) async throws -> [LoggedModel] {
        try await pool.run { [self] in
            guard let folder = folder(of: experiment.id) else { return [] }
            return try Disk.folders("\(folder)/models").compactMap { try loggedModel("\(folder)/models/\($0)") }
        }
    }

    package func files(of place: ArtifactPlace) async throws -> [SourceFile] { try await pool.run { artifacts.files(of: place) } }

    package func fetch(_ file: SourceFile, to path: String) async throws {
        throw JidokaError.notFound("`\(file.path)` lies in no local file")
    }

    // MARK: Reading

    private func experimentFolders() -> [String] {
        (Disk.folders(root).filter { $0 != ".trash" && $0 != "models" }.map { "\(root)/\($0)" }
            + Disk.folders("\(root)/.trash").map { "\(root)/.trash/\($0)" }).filter { Disk.isFile("\($0)/meta.yaml") }
    }

    private func folder(of experiment: String) -> String? {
        ["\(root)/\(experiment)", "\(root)/.trash/\(experiment)"].first { Disk.isFile("\($0)/meta.yaml") }
    }

    private func experiment(in folder: String) throws -> Experiment? {
        guard let meta = MLflowMeta(folder, remarks: artifacts.remarks) else { return nil }
        let id = meta.text("experiment_id") ?? folder.split(separator: "/").last.map(String.init) ?? ""
        let created = meta.time("creation_time")
        return Experiment(
            id: id, name: meta.text("name") ?? id, artifactLocation: meta.text("artifact_location") ?? "",
            lifecycle: meta.text("lifecycle_stage") == "deleted" ? .deleted : .active, createdAt: created,
            updatedAt: max(created, meta.time("last_update_time")),
            tags: try MLflowMeta.pairs("\(folder)/tags").map { Tag(key: $0.key, value: $0.value) })
    }

    private func loggedModel(_ folder: String) throws -> LoggedModel? {
        guard let meta = MLflowMeta(folder, remarks: artifacts.remarks), let id = meta.text("model_id"),
            meta.text("lifecycle_stage") != "deleted"
        else { return nil }
        let status = meta.number("status").flatMap { (1...3).contains($0) ? LoggedModelStatus.allCases[Int($0) - 1] : nil }
        var model = LoggedModel(
            id: id, experimentID: meta.text("experiment_id") ?? "", name: meta.text("name") ?? id,
            artifactURI: meta.text("artifact_location") ?? "", status: status ?? .pending, modelType: meta.text("model_type") ?? "",
            sourceRunID: meta.text("source_run_id") ?? "", createdAt: meta.time("creation_timestamp"),
            updatedAt: meta.time("last_updated_timestamp"))
        model.params = try MLflowMeta.pairs("\(folder)/params").map { Param(key: $0.key, value: $0.value) }
        model.tags = try MLflowMeta.pairs("\(folder)/tags").map { Tag(key: $0.key, value: $0.value) }
        for file in Disk.files("\(folder)/metrics") {
            let lines = MetricLines(bytes: try Disk.read("\(folder)/metrics/\(file.path)"))
            model.metrics += lines.points(key: file.path, modelID: id)
            if lines.damaged > 0 { artifacts.remarks.add("\(lines.damaged) lines of metric \(file.path) of model \(id) cannot be read") }
        }
        return model
    }
}

/// `meta.yaml`, read leniently: a field of another type counts as absent.
struct MLflowMeta: Sendable {
    let node: YAMLNode

    /// nil, with a remark, when it is no YAML mapping.
    init?(_ folder: String, remarks: Remarks) {
        do {
            let limits = YAMLLimits(bytes: 40 << 20)
            node = try YAMLNode.parse(try Disk.read("\(folder)/meta.yaml"), file: "\(folder)/meta.yaml", limits: limits)
        } catch {
            remarks.add("\(folder)/meta.yaml cannot be read: \(JidokaError.wrapping(error).message)")
            return nil
        }
        guard node.entries != nil else {
            remarks.add("\(folder)/meta.yaml holds no fields")
            return nil
        }
    }

    func text(_ key: String) -> String? { node[key].flatMap { $0.isNull ? nil : $0.text } }
    func number(_ key: String) -> Int64? { node[key].flatMap { $0.int ?? $0.text.flatMap { Int64($0) } } }
    func time(_ key: String) -> Timestamp { Timestamp(milliseconds: min(max(number(key) ?? 0, 0), 253_402_300_799_999)) }

    /// A folder of one file a key: the path is the key, the contents are the value.
    static func pairs(_ folder: String) throws -> [(key: String, value: String)] {
        try Disk.files(folder).map { ($0.path, try Disk.text("\(folder)/\($0.path)")) }
    }
}
