import Digests
package import Evaluation
package import Events
import JSON
import SQL

extension SQLEvaluationDatasetStore {
    package func upsert(
        _ drafts: [EvaluationRecordDraft], id: String, at time: Int64, event: EventDraft
    ) async throws -> (inserted: Int, updated: Int) {
        try await database.write { connection in
            let dataset = try SQLEvaluationDatasetStore.require(id, on: connection)
            var counts = (inserted: 0, updated: 0)
            for draft in drafts {
                let hash = SHA256.hex(JSONValue.object(draft.record.inputs).canonical.serialized)
                if var known = try SQLEvaluationDatasetStore.record(id, hash, on: connection) {
                    known.merge(draft.record, hasOutputs: draft.hasOutputs)
                    try SQLEvaluationDatasetStore.put(known, hash, on: connection)
                    counts.updated += 1
                } else {
                    try SQLEvaluationDatasetStore.put(draft.record, hash, on: connection)
                    counts.inserted += 1
                }
            }
            let old = try dataset.schema.map { try JSONValue.parse($0).objectValue ?? [:] }
            let schema = drafts.isEmpty && old == nil ? nil : EvaluationSchema.adding(drafts.map(\.record), to: old)
            try connection.execute(
                "UPDATE evaluation_datasets SET updated_at = ?, updated_by = ?, digest = ?, schema = ? WHERE id = ?",
                [
                    .int(time), SQLValue(drafts.last { $0.record.createdBy != nil }?.record.createdBy),
                    .text(SQLEvaluationDatasetStore.digest(dataset.name, time)), SQLValue(schema.map { JSONValue.object($0).text }),
                    .text(id),
                ])
            try SQLEvaluationDatasetStore.profile(id, on: connection)
            try EventTable.append([event], on: connection)
            return counts
        }
    }

    package func records(datasetID: String, after: (createdAt: Int64, id: String)?, limit: Int) async throws -> [EvaluationRecord] {
        try await database.read { connection in
            _ = try SQLEvaluationDatasetStore.require(datasetID, on: connection)
            let place = after.map { _ in " AND (created_at > ? OR (created_at = ? AND id > ?))" } ?? ""
            let bindings: [SQLValue] = after.map { [.int($0.createdAt), .int($0.createdAt), .text($0.id)] } ?? []
            return try connection.map(
                "SELECT \(SQLEvaluationDatasetStore.columns) FROM evaluation_records WHERE dataset = ?\(place)"
                    + " ORDER BY created_at, id LIMIT ?",
                [.text(datasetID)] + bindings + [.int(Int64(limit))], SQLEvaluationDatasetStore.read)
        }
    }

    package func deleteRecords(ids: [String], datasetID: String, event: EventDraft) async throws -> Int {
        try await database.write { connection in
            _ = try SQLEvaluationDatasetStore.require(datasetID, on: connection)
            var count = 0
            for id in ids {
                try connection.execute("DELETE FROM evaluation_records WHERE dataset = ? AND id = ?", [.text(datasetID), .text(id)])
                count += connection.changes
            }
            guard count > 0 else { return 0 }
            try SQLEvaluationDatasetStore.profile(datasetID, on: connection)
            try EventTable.append([event], on: connection)
            return count
        }
    }

    private static func profile(_ id: String, on connection: Connection) throws {
        let count = try connection.first("SELECT count(*) FROM evaluation_records WHERE dataset = ?", [.text(id)]) { $0.int(0) } ?? 0
        let profile = count > 0 ? "{\"num_records\": \(count)}" : nil
        try connection.execute("UPDATE evaluation_datasets SET profile = ? WHERE id = ?", [SQLValue(profile), .text(id)])
    }

    fileprivate static let columns =
        "id, dataset, inputs, outputs, expectations, tags, source, created_at, updated_at, created_by, updated_by"

    private static func record(_ dataset: String, _ hash: String, on connection: Connection) throws -> EvaluationRecord? {
        try connection.first(
            "SELECT \(columns) FROM evaluation_records WHERE dataset = ? AND input_hash = ?", [.text(dataset), .text(hash)], read)
    }

    private static func put(_ record: EvaluationRecord, _ hash: String, on connection: Connection) throws {
        func text(_ object: JSONObject?) -> SQLValue { SQLValue(object.map { JSONValue.object($0).text }) }
        try connection.execute(
            """
            INSERT INTO evaluation_records (input_hash, \(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET outputs = excluded.outputs, expectations = excluded.expectations, tags = excluded.tags,
                updated_at = excluded.updated_at, updated_by = excluded.updated_by
            """,
            [
                .text(hash), .text(record.id), .text(record.datasetID), text(record.inputs), SQLValue(record.outputs?.text),
                text(record.expectations), text(record.tags), text(record.source), .int(record.createdAt), .int(record.updatedAt),
                SQLValue(record.createdBy), SQLValue(record.updatedBy),
            ])
    }

    fileprivate static func read(_ row: Row) throws -> EvaluationRecord {
        func object(_ column: Int) throws -> JSONObject? { try row.optionalText(column).flatMap { try JSONValue.parse($0).objectValue } }
        return EvaluationRecord(
            id: row.text(0), datasetID: row.text(1), inputs: try object(2) ?? [:],
            outputs: try row.optionalText(3).map { try JSONValue.parse($0) },
            expectations: try object(4), tags: try object(5), source: try object(6), createdAt: row.int(7), updatedAt: row.int(8),
            createdBy: row.optionalText(9), updatedBy: row.optionalText(10))
    }
}
