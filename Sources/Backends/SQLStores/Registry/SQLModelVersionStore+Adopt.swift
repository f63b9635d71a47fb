import Clockwork
package import Events
package import Registry
import SQL

extension SQLModelVersionStore {
    package func adopt(
        _ draft: ModelVersionDraft, _ kept: KeptVersion, event: @escaping @Sendable (ModelVersion) -> EventDraft
    ) async throws -> AdoptedVersion {
        try await database.write { connection in
            let model = try ModelRows.number(of: draft.name, on: connection)
            if let known = try SQLModelVersionStore.known(draft, kept, model: model, on: connection) {
                if known.isDeleted { return AdoptedVersion(nil, isNew: false) }
                return AdoptedVersion(try SQLModelVersionStore.require(draft.name, known.number, on: connection), isNew: false)
            }
            let taken = try connection.first(
                "SELECT 1 FROM model_versions WHERE model = ? AND version = ?", [.int(model), .int(Int64(kept.number))]
            ) { _ in true }
            var (number, tags) = (Int64(kept.number), draft.tags)
            if taken != nil {
                let highest = try connection.first("SELECT max(version) FROM model_versions WHERE model = ?", [.int(model)]) { $0.int(0) }
                number = (highest ?? 0) + 1
                tags.append(ModelTag(key: KeptVersion.originTag, value: kept.origin(of: draft)))
            }
            let time = SQLValue.int(draft.time.microseconds)
            let row = try connection.first(
                "INSERT INTO model_versions (model, version, description, stage, status, status_message, source, storage_location, run,"
                    + " run_link, logged_model, user_id, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                    + " RETURNING number",
                [
                    .int(model), .int(number), .text(draft.description), .text(kept.stage.rawValue), .text(draft.status.rawValue),
                    .text(kept.statusMessage), .text(draft.source), .text(draft.storageLocation), .text(draft.runID), .text(draft.runLink),
                    .text(draft.modelID), .text(draft.userID), time, time,
                ]
            ) { $0.int(0) }
            for tag in tags { try SQLModelVersionStore.put(tag, row ?? 0, on: connection) }
            let made = try SQLModelVersionStore.require(draft.name, Int(number), on: connection)
            let imported = event(made)
            try ModelHistoryRows.imported(version: Int(number), of: model, in: kept.stage, imported, on: connection)
            try EventTable.append([imported], on: connection)
            return AdoptedVersion(made, isNew: true)
        }
    }

    /// The version that the draft was taken in as before.
    private static func known(
        _ draft: ModelVersionDraft, _ kept: KeptVersion, model: Int64, on connection: Connection
    ) throws -> (number: Int, isDeleted: Bool)? {
        let renumbered = try connection.first(
            "SELECT v.version, v.deleted_at FROM model_versions v JOIN model_version_tags t ON t.version = v.number"
                + " WHERE v.model = ? AND t.key = ? AND t.value = ?",
            [.int(model), .text(KeptVersion.originTag), .text(kept.origin(of: draft))]
        ) { (number: Int($0.int(0)), isDeleted: $0.optionalInt(1) != nil) }
        if let renumbered { return renumbered }
        // Clients and exports count in milliseconds.
        return try connection.first(
            "SELECT version, deleted_at FROM model_versions WHERE model = ? AND version = ? AND created_at / 1000 = ? AND run = ?",
            [.int(model), .int(Int64(kept.number)), .int(draft.time.milliseconds), .text(draft.runID)]
        ) { (number: Int($0.int(0)), isDeleted: $0.optionalInt(1) != nil) }
    }
}
