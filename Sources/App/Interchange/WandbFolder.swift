package import Clockwork
import Errors
package import Registry
package import Tracking

/// Runs that the unmodified W&B client logged offline: `wandb/offline-run-…/run-….wandb`, with their files beside. A project becomes an
/// experiment, config params, history metrics, and what the client saved artifacts.
package struct WandbFolder: InterchangeSource {
    let root: String
    let pool: BlockingPool
    private let noted = Remarks()

    package var title: String { "W&B folder \(root)" }
    package var remarks: [String] { noted.list }

    /// - Parameter root: the folder that holds `offline-run-…` folders, or one of these.
    package init(root: String, pool: BlockingPool) {
        self.root = root
        self.pool = pool
    }

    package static func isOne(_ folder: String) -> Bool { !runs(folder).isEmpty }

    /// Folders of runs with their logs.
    private static func runs(_ folder: String) -> [(folder: String, log: String)] {
        let places =
            [folder] + Disk.folders(folder).filter { $0.hasPrefix("offline-run-") || $0.hasPrefix("run-") }.map { "\(folder)/\($0)" }
        return places.flatMap { place in
            Disk.names(place).filter { $0.hasPrefix("run-") && $0.hasSuffix(".wandb") && Disk.isFile("\(place)/\($0)") }
                .map { (place, "\(place)/\($0)") }
        }
    }

    private func read(_ log: String) throws -> WandbRun {
        try WandbRun(try WandbLog.records(try Disk.read(log, bytesMax: 1 << 30), file: log))
    }

    package func experiments() async throws -> [Experiment] {
        try await pool.run { [self] in
            var starts: [String: Int64] = [:]
            for (_, log) in WandbFolder.runs(root) {
                let run = try read(log)
                starts[run.project] = min(starts[run.project] ?? .max, run.start)
            }
            return starts.sorted { $0.key < $1.key }.map { project, start in
                let time = Timestamp(milliseconds: start)
                return Experiment(
                    id: project, name: project, artifactLocation: "", lifecycle: .active, createdAt: time, updatedAt: time, tags: [])
            }
        }
    }

    package func runIDs(of experiment: Experiment) async throws -> [String] {
        try await pool.run { [self] in
            try WandbFolder.runs(root).compactMap { _, log in
                let run = try read(log)
                return run.project == experiment.id && !run.id.isEmpty ? run.id : nil
            }
        }
    }

    package func run(_ id: String, of experiment: Experiment) async throws -> SourceRun? {
        try await pool.run { [self] in
            for (folder, log) in WandbFolder.runs(root) where log.hasSuffix("/run-\(id).wandb") {
                let run = try read(log)
                if run.skipped > 0 {
                    noted.add("\(run.skipped) logged values of run \(id) are no numbers and are not metrics (media files are artifacts)")
                }
                return run.source(experiment: experiment.id, artifacts: "file://\(folder)/files")
            }
            return nil
        }
    }

    package func files(of place: ArtifactPlace) async throws -> [SourceFile] {
        // What a script saves is a link to where the script left it.
        try await pool.run { Disk.files(String(place.uri.dropFirst("file://".count)), linked: true) }
    }

    package func loggedModels(of experiment: Experiment) async throws -> [LoggedModel] { [] }
    package func models() async throws -> [RegisteredModel] { [] }
    package func versions(of model: RegisteredModel) async throws -> [ModelVersion] { [] }
    package func fetch(_ file: SourceFile, to path: String) async throws {
        throw JidokaError.notFound("`\(file.path)` lies in no local file")
    }
}
