package import Clockwork
import Errors
package import Registry
package import Tracking

/// Runs in a table, a row each: CSV, JSON or JSON lines of the shape that `mlflow.search_runs()` makes.
///
/// A run without an id gets one from what names it (experiment, run name, start; else its params), so that the same table
/// may be brought again, also after a metric was added to a row.
package struct RunTable: InterchangeSource {
    package let title: String
    private let all: [(experiment: Experiment, runs: [SourceRun])]
    private let byID: [String: SourceRun]
    let artifacts: LocalArtifacts
    let pool: BlockingPool

    package var remarks: [String] { artifacts.remarks.list }

    static let bytesMax = 512 << 20
    static let runsMax = 1_000_000

    /// The endings of files that are tables of runs.
    package static let endings = ["csv", "json", "jsonl", "ndjson"]

    /// Reads the whole table, and refuses all of it when a cell is wrong.
    /// - Parameters:
    ///   - shown: how messages name the file.
    ///   - artifactFolder: where artifacts lie, when not where `artifact_uri` says.
    /// - Throws: `invalid_argument` with line (or record) and column; `not_found`; `exhausted` beyond 512 MiB or a million runs.
    package init(path: String, shown: String, artifactFolder: String? = nil, pool: BlockingPool) async throws {
        self.pool = pool
        title = "table \(path)"
        let remarks = Remarks()
        artifacts = LocalArtifacts(roots: artifactFolder.map { [$0] } ?? [], remarks: remarks)
        let file = path.split(separator: "/").last.map(String.init) ?? path
        let parts = file.split(separator: ".")
        let (base, ending) = (parts.first.map(String.init) ?? file, parts.last.map { $0.lowercased() } ?? "")
        all = try await pool.run {
            let bytes = try Disk.read(path, bytesMax: RunTable.bytesMax)
            let rows = try RunRows.read(bytes, ending: ending, shown: shown, remarks: remarks)
            return try RunTable.runs(rows, base: base)
        }
        byID = Dictionary(all.flatMap(\.runs).map { ($0.run.info.id, $0) }) { first, _ in first }
    }

    /// The runs by experiment, in the order of the table.
    private static func runs(_ rows: [RunRow], base: String) throws -> [(experiment: Experiment, runs: [SourceRun])] {
        var (all, places): ([(experiment: Experiment, runs: [SourceRun])], [String: Int]) = ([], [:])
        var (seen, named): ([String: String], [String: Int]) = ([:], [:])
        for row in rows {
            var found = try row.run()
            let name =
                try row.text("experiment") ?? row.text("experiment_name") ?? row.text("experiment_id").map { "\(base)-\($0)" } ?? base
            if found.run.info.id.isEmpty {
                let print = row.identity(experiment: name, found.run)
                named[print, default: 0] += 1
                found.run.info.id = String(Delivery.print([print, "\(named[print, default: 1])"]).prefix(32))
            }
            let id = found.run.info.id
            if let first = seen.updateValue(row.place, forKey: id) {
                throw row.failure("run_id", "`\(id)` stands at \(first) already", hint: "give each run one row")
            }
            let place = places[name] ?? all.count
            if place == all.count {
                places[name] = place
                let start = Timestamp(milliseconds: found.run.info.startTime)
                let number = try row.text("experiment_id") ?? ""
                all.append((Experiment(id: number, name: name, artifactLocation: "", createdAt: start, updatedAt: start), []))
            }
            found.run.info.experimentID = all[place].experiment.id
            all[place].runs.append(found)
        }
        return all
    }

    package func experiments() async throws -> [Experiment] { all.map(\.experiment) }
    package func runIDs(of experiment: Experiment) async throws -> [String] {
        all.first { $0.experiment.name == experiment.name }?.runs.map(\.run.info.id) ?? []
    }
    package func run(_ id: String, of experiment: Experiment) async throws -> SourceRun? {
        byID[id]
    }
    package func loggedModels(of experiment: Experiment) async throws -> [LoggedModel] { [] }
    package func models() async throws -> [RegisteredModel] { [] }
    package func versions(of model: RegisteredModel) async throws -> [ModelVersion] { [] }

    package func files(of place: ArtifactPlace) async throws -> [SourceFile] {
        guard !place.uri.isEmpty else { return [] }
        return try await pool.run { artifacts.files(of: place) }
    }

    package func fetch(_ file: SourceFile, to path: String) async throws {
        throw JidokaError.notFound("`\(file.path)` lies in no local file")
    }
}
