import Clockwork
import Events
import Registry
import SQL

/// Writes the history of aliases and stages inside the transaction of the change that it tells of.
enum ModelHistoryRows {
    /// Who and why: of the change's first event.
    private static func cause(_ events: [EventDraft]) -> [SQLValue] {
        [.text(events.first?.actor ?? "system"), .text(events.first?.reason ?? "")]
    }

    /// Nothing when `before` and `after` are the same.
    static func moved(
        alias: String, of model: Int64, from before: Int?, to after: Int?, at time: Timestamp, _ events: [EventDraft],
        on connection: Connection
    ) throws {
        guard before != after else { return }
        try connection.execute(
            "INSERT INTO alias_history (model, alias, version, version_before, time, actor, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                .int(model), .text(alias), SQLValue(after.map(Int64.init)), SQLValue(before.map(Int64.init)), .int(time.microseconds),
            ] + cause(events))
    }

    /// Call it before the version is deleted: all aliases that point to it end, and so does its stage.
    static func ended(
        version: Int, of model: Int64, at time: Timestamp, _ events: [EventDraft], on connection: Connection
    ) throws {
        let facts = [SQLValue.int(time.microseconds)] + cause(events) + [.int(model), .int(Int64(version))]
        try connection.execute(
            "INSERT INTO alias_history (model, alias, version, version_before, time, actor, reason)"
                + " SELECT model, alias, NULL, version, ?, ?, ? FROM model_aliases WHERE model = ? AND version = ?", facts)
        try connection.execute(
            "INSERT INTO stage_history (model, version, stage, stage_before, time, actor, reason)"
                + " SELECT model, version, NULL, stage, ?, ?, ? FROM model_versions WHERE model = ? AND version = ?", facts)
    }

    /// Call it before the stage is changed.
    static func moved(
        version: Int, of model: Int64, to stage: ModelStage, archiveOthers: Bool, at time: Timestamp, _ events: [EventDraft],
        on connection: Connection
    ) throws {
        let insert = "INSERT INTO stage_history (model, version, stage, stage_before, time, actor, reason)"
        let facts = [SQLValue.int(time.microseconds)] + cause(events)
        if archiveOthers {
            try connection.execute(
                insert + " SELECT model, version, 'Archived', stage, ?, ?, ? FROM model_versions"
                    + " WHERE model = ? AND stage = ? AND version != ? AND deleted_at IS NULL ORDER BY version",
                facts + [.int(model), .text(stage.rawValue), .int(Int64(version))])
        }
        try connection.execute(
            insert + " SELECT model, version, '\(stage.rawValue)', stage, ?, ?, ? FROM model_versions"
                + " WHERE model = ? AND version = ? AND stage != ?",
            facts + [.int(model), .int(Int64(version)), .text(stage.rawValue)])
    }

    /// A version that came with a stage: the history begins at the moment of its import, because nobody tells what it was in before.
    static func imported(
        version: Int, of model: Int64, in stage: ModelStage, _ event: EventDraft, on connection: Connection
    ) throws {
        guard stage != .none else { return }
        try connection.execute(
            "INSERT INTO stage_history (model, version, stage, time, actor, reason) VALUES (?, ?, ?, ?, ?, ?)",
            [.int(model), .int(Int64(version)), .text(stage.rawValue), .int(event.time.microseconds)] + cause([event]))
    }

    static func forget(model: SQLValue, on connection: Connection) throws {
        try connection.execute("DELETE FROM alias_history WHERE model = ?", [model])
        try connection.execute("DELETE FROM stage_history WHERE model = ?", [model])
    }
}
