import Blobs
import Clockwork
import Events
import FileStores
import JSON
import JidokaAPI
import SQLStores

/// The collector for operators: what it did becomes an event.
struct ObjectDesk: ObjectKeeper {
    let objects: any ObjectStore
    let index: SQLArtifactIndex
    let collector: ObjectCollector
    let events: SQLEventLog
    let time: any TimeSource
    /// What an upload past this server has left is dropped after a week.
    private static let unfinishedFor = Duration.seconds(7 * 86_400)

    init(objects: any ObjectStore, index: SQLArtifactIndex, datasets: SQLDatasetStore, events: SQLEventLog, time: any TimeSource) {
        self.objects = objects
        self.index = index
        self.events = events
        self.time = time
        // Every part of the program that names contents by digest. Models are artifact paths.
        collector = ObjectCollector(
            objects: objects, references: [{ try await index.named($0) }, { try await datasets.named($0) }], time: time)
    }

    func stats() async throws -> JSONObject {
        let report = try await collector.collect(apply: false)
        let trash = try await collector.trash()
        let paths = try await index.totals()
        return [
            "store": .string(objects.location), "objects": .int(Int64(report.objects)), "bytes": .int(report.bytes),
            "artifacts": .int(paths.count), "artifact_bytes": .int(paths.bytes), "unreachable": .int(Int64(report.unreachableCount)),
            "unreachable_bytes": .int(report.unreachableBytes), "trash": .int(Int64(trash.count)),
            "trash_bytes": .int(trash.reduce(0) { $0 + $1.size }),
        ]
    }

    func collect(apply: Bool, actor: String) async throws -> JSONObject {
        let report = try await collector.collect(apply: apply)
        var unfinished = 0
        if apply {
            let limit = time.now() + .microseconds(-ObjectDesk.unfinishedFor.microseconds)
            unfinished = try await objects.direct?.sweep(begunBefore: limit) ?? 0
            try await record(
                "artifacts.discarded", actor,
                [
                    "objects": .int(Int64(report.discarded)), "bytes": .int(report.unreachableBytes),
                    "unfinished_uploads": .int(Int64(unfinished)),
                ])
        }
        return [
            "applied": .bool(apply), "objects": .int(Int64(report.objects)), "bytes": .int(report.bytes),
            "unreachable": .int(Int64(report.unreachableCount)), "unreachable_bytes": .int(report.unreachableBytes),
            "young": .int(Int64(report.young)), "discarded": .int(Int64(report.discarded)),
            "unfinished_uploads": .int(Int64(unfinished)),
            "why": "no artifact path and no dataset version names it, and it was put more than an hour ago",
            "listed": .array(
                report.unreachable.map {
                    ["digest": .string($0.digest.hex), "bytes": .int($0.size), "put_at": .string($0.modified.rfc3339)]
                }),
        ]
    }

    func undo(actor: String) async throws -> JSONObject {
        let restored = try await collector.undo()
        let facts: JSONObject = ["objects": .int(Int64(restored.objects)), "bytes": .int(restored.bytes)]
        try await record("artifacts.restored", actor, facts)
        return facts
    }

    func emptyTrash(days: Int, actor: String) async throws -> JSONObject {
        let done = try await collector.emptyTrash(age: .seconds(86_400 * days))
        let facts: JSONObject = [
            "destroyed": .int(Int64(done.destroyed)), "bytes": .int(done.bytes), "restored": .int(Int64(done.restored)),
        ]
        try await record("artifacts.destroyed", actor, facts)
        return facts
    }

    private func record(_ kind: String, _ actor: String, _ facts: JSONObject) async throws {
        let draft = EventDraft(
            kind: kind, subject: EventSubject("artifacts", objects.location), actor: actor, reason: "asked to", payload: facts,
            time: time.now())
        try await events.append([draft])
    }
}
