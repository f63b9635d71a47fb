import Clockwork
import Digests
import Errors
package import JSON
import Registry
import Synchronization
import Tracking

/// What a delivery did, or would do.
package struct DeliveryCounts: Sendable, Hashable {
    package var experiments = 0
    package var runs = 0
    package var points = 0
    package var files = 0
    package var bytes: Int64 = 0
    package var loggedModels = 0
    package var models = 0
    package var versions = 0
    /// Runs that an earlier delivery brought and that have not changed since.
    package var unchanged = 0
    package var remarks: [String] = []

    package var json: JSONObject {
        [
            "experiments": JSONValue(experiments), "runs": JSONValue(runs), "points": JSONValue(points), "files": JSONValue(files),
            "bytes": .int(bytes), "logged_models": JSONValue(loggedModels), "models": JSONValue(models), "versions": JSONValue(versions),
            "unchanged_runs": JSONValue(unchanged), "remarks": .array(remarks.map(JSONValue.string)),
        ]
    }
}

/// Brings a source into a server. Every step may be repeated without effect, so a delivery that was cut off anywhere is simply started
/// again: points are a set, params are written once, artifacts are found by content, and everything else is found by its id.
package struct Delivery: Sendable {
    let source: any InterchangeSource
    let server: TargetServer
    let journal: DeliveryJournal
    let told: @Sendable (Int) -> Void
    let counts = DeliveryTally(DeliveryCounts())

    /// - Parameter told: called with the number of runs that are done.
    package init(
        _ source: any InterchangeSource, to server: TargetServer, journal: DeliveryJournal,
        told: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.source = source
        self.server = server
        self.journal = journal
        self.told = told
    }

    package func run() async throws -> DeliveryCounts {
        var deleted: [String] = []
        for experiment in try await source.experiments() {
            let here = try await server.adopt(
                "experiment",
                [
                    "id": .string(experiment.id), "name": .string(experiment.name), "created_at": .int(experiment.createdAt.milliseconds),
                    "tags": Delivery.pairs(experiment.tags),
                ], from: source.title)
            guard let id = here["id"]?.stringValue else { continue }
            counts.change { $0.experiments += 1 }
            if here["lifecycle"]?.stringValue == "deleted" {
                if experiment.lifecycle == .active { remark("the experiment \(experiment.name) is deleted here and took nothing") }
                continue
            }
            let models = try await source.loggedModels(of: experiment)
            for model in models { try await adopt(model, experiment: id) }
            for run in try await source.runIDs(of: experiment) {
                try await deliver(run, of: experiment, to: id, models: models)
                told(1)
            }
            if experiment.lifecycle == .deleted { deleted.append(id) }
        }
        try await deliverRegistry()
        for id in deleted { try await server.mlflow("POST", "experiments/delete", ["experiment_id": .string(id)]) }
        counts.change { $0.remarks += source.remarks }
        return counts.value
    }

    /// What there is to deliver, without any server.
    package static func preview(_ source: any InterchangeSource) async throws -> DeliveryCounts {
        var counts = DeliveryCounts()
        for experiment in try await source.experiments() {
            counts.experiments += 1
            var places: [ArtifactPlace] = []
            for model in try await source.loggedModels(of: experiment) {
                counts.loggedModels += 1
                places.append(model.place)
            }
            for id in try await source.runIDs(of: experiment) {
                guard let run = try await source.run(id, of: experiment) else { continue }
                counts.runs += 1
                counts.points += run.points.count
                places.append(run.place)
            }
            for place in places {
                let files = try await source.files(of: place)
                counts.files += files.count
                counts.bytes += files.reduce(0) { $0 + $1.size }
            }
        }
        for model in try await source.models() {
            counts.models += 1
            counts.versions += try await source.versions(of: model).count
        }
        counts.remarks = source.remarks
        return counts
    }

    // MARK: Logged models

    private func adopt(_ model: LoggedModel, experiment: String) async throws {
        let files = try await source.files(of: model.place)
        let print = Delivery.print(["\(model.status)", "\(model.tags)", "\(model.params)"] + files.map { "\($0.path) \($0.stamp)" })
        if journal.entry("model \(model.id)")?["print"]?.stringValue == print { return }
        let here = try await server.adopt(
            "logged-model",
            [
                "id": .string(model.id), "experiment_id": .string(experiment), "name": .string(model.name),
                "model_type": .string(model.modelType), "source_run_id": .string(model.sourceRunID),
                "created_at": .int(model.createdAt.milliseconds), "updated_at": .int(model.updatedAt.milliseconds),
                "params": .object(JSONObject(model.params.map { (key: $0.key, value: .string($0.value)) })),
                "tags": Delivery.pairs(model.tags),
            ], from: source.title)
        guard let uri = here["artifact_uri"]?.stringValue else { return }
        try await upload(files, below: uri)
        if model.status != .pending {
            try await server.mlflow(
                "PATCH", "logged-models/\(model.id)", ["model_id": .string(model.id), "status": .string(model.status.rawValue)])
        }
        counts.change { $0.loggedModels += 1 }
        try journal.record("model \(model.id)", ["print": .string(print)])
    }

    // MARK: Artifacts

    func upload(_ files: [SourceFile], below uri: String, except known: JSONValue? = nil) async throws {
        let folder = try ArtifactPath(uri: uri)
        for file in files where known?[file.path]?.stringValue != file.stamp {
            let path: ArtifactPath
            do { path = folder.appending(try ArtifactPath(file.path)) } catch {
                remark("the artifact \(file.path) has a name that is not allowed here")
                continue
            }
            if let local = file.local {
                try await server.upload(local, to: path.description)
            } else {
                remark("the artifact \(file.path) lies in no local file")
                continue
            }
            counts.change {
                $0.files += 1
                $0.bytes += file.size
            }
        }
    }

    func remark(_ text: String) { counts.change { if $0.remarks.count < 1_000 { $0.remarks.append(text) } } }

    static func pairs(_ tags: [Tag]) -> JSONValue { .object(JSONObject(tags.map { (key: $0.key, value: .string($0.value)) })) }
    static func print(_ parts: [String]) -> String {
        var hash = SHA256()
        for part in parts { hash.update(Array("\(part.utf8.count):\(part)".utf8)) }
        return hash.finish()
    }
}

/// Counts that many steps add to.
final class DeliveryTally: Sendable {
    private let counts: Mutex<DeliveryCounts>
    init(_ counts: DeliveryCounts) { self.counts = Mutex(counts) }
    func change(_ body: (inout DeliveryCounts) -> Void) { counts.withLock { body(&$0) } }
    var value: DeliveryCounts { counts.withLock { $0 } }
}
