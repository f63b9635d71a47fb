import Clockwork
import Datasets
import Digests
import Errors
import Git
import JSON
import Line
import Pipelines
import Registry

/// What a pipeline run finds around it: the project folder, the dataset versions, and the release of what it made.
struct ProjectWorkspace: PipelineWorkspace {
    let project: String
    let home: String
    let runsFolder: String
    let line: LineState
    let datasets: DatasetService
    let releases: Releases
    let pool: BlockingPool

    func resolve(data chosen: [String: String]) async throws -> [String: String] {
        let line = try line.require()
        for name in chosen.keys where line.data(named: name) == nil { _ = try self.line.data(name) }
        var resolved: [String: String] = [:]
        for declared in line.data {
            do {
                resolved[declared.name] = try await datasets.version(dataset: declared.name, version: chosen[declared.name]).digest
            } catch let error as JidokaError where error.code == .notFound && chosen[declared.name] == nil {
                throw JidokaError.failedPrecondition(
                    "dataset `\(declared.name)` has no version yet", hint: "add one with `jidoka data add \(declared.name)`")
            }
        }
        return resolved
    }

    func prepare(data: [String: String], run: String) async throws -> [String: PreparedData] {
        var prepared: [String: PreparedData] = [:]
        for (name, digest) in data {
            let version = try await datasets.version(dataset: name, version: digest)
            let split = line.split(dataset: name)
            // Without a holdout the whole version is the training part.
            if split.holdout <= 0 {
                let all = try await datasets.file(digest: version.digest)
                let path = try await link(all.path, as: "\(name).\(all.format.rawValue)", run: run)
                prepared[name] = PreparedData(digest: version.digest, train: path, holdout: path)
                continue
            }
            let train = try await datasets.part(.train, of: version, split: split)
            let holdout = try await datasets.part(.holdout, of: version, split: split)
            prepared[name] = PreparedData(
                digest: version.digest, train: try await link(train.path, as: "\(name).train.parquet", run: run),
                holdout: try await link(holdout.path, as: "\(name).holdout.parquet", run: run))
        }
        return prepared
    }

    /// A name of its own in the run's folder: scripts see an ending that tells the format, and the object's own name stays out of their
    /// logs.
    private func link(_ path: String, as name: String, run: String) async throws -> String {
        let folder = "\(runsFolder)/\(run)"
        return try await pool.run {
            try HomeFolder.make(folder)
            try SymbolicLink.make(to: path, at: "\(folder)/\(name)")
            return "\(folder)/\(name)"
        }
    }

    func codeFacts() async throws -> CodeFacts {
        let project = project
        guard let tree = try await pool.run({ try WorkTree.containing(project) }) else { return CodeFacts() }
        return CodeFacts(commit: tree.commit, branch: tree.branch, dirty: tree.isDirty)
    }

    func digests(of files: [String]) async throws -> [String: String] {
        let project = project
        return try await pool.run {
            var digests: [String: String] = [:]
            for file in files { digests[file] = SHA256.hex(try readFile("\(project)/\(file)")) }
            return digests
        }
    }

    func conclude(_ run: PipelineRun, sources: [String]) async throws -> (modelVersion: String?, gate: JSONObject?, refused: String?) {
        guard let model = line.line?.model else { return (nil, nil, nil) }
        let actor = "pipeline:\(run.id)"
        let version = try await releases.register(pipelineRuns: sources, as: model, run: run.id, actor: actor)
        guard version.status == .ready else {
            return (String(version.version), nil, "version \(version.version) was rejected: \(version.statusMessage)")
        }
        guard line.line?.gate != nil else {
            try await releases.makeFirstChampion(version, actor: actor)
            return (String(version.version), nil, nil)
        }
        let report = try await releases.judge(model, version.version, data: run.data, actor: actor)
        guard report.verdict == .passed else {
            return (
                String(version.version), report.json,
                "the gate refused version \(version.version): \(report.failures.joined(separator: "; "))"
            )
        }
        try await releases.makeFirstChampion(version, actor: actor)
        return (String(version.version), report.json, nil)
    }
}
