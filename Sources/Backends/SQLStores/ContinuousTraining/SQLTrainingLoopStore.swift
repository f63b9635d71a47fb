package import ContinuousTraining
import Errors
package import Events
import JSON
package import SQL

/// Training loops as documents, one an endpoint.
package enum TrainingLoopSchema {
    package static let migrations = [
        Migration(
            name: "training-0001-loops",
            sql: "CREATE TABLE training_loops (endpoint TEXT PRIMARY KEY, revision INTEGER NOT NULL, document TEXT NOT NULL) STRICT;")
    ]
}

/// Training loops in SQL.
package struct SQLTrainingLoopStore: TrainingLoopStore {
    private let database: Database

    package init(database: Database) { self.database = database }

    package func loop(endpoint: String) async throws -> TrainingLoop? {
        try await database.read { connection in
            try connection.first("SELECT document FROM training_loops WHERE endpoint = ?", [.text(endpoint)]) {
                try TrainingLoop(json: try JSONValue.parse($0.text(0)))
            }
        }
    }

    package func create(_ loop: TrainingLoop) async throws {
        try await database.write { connection in
            try connection.execute(
                "INSERT INTO training_loops VALUES (?, ?, ?)",
                [.text(loop.endpoint), .int(loop.revision), .text(JSONValue.object(loop.json).text)])
        }
    }

    package func update(_ loop: TrainingLoop, events: [EventDraft]) async throws {
        try await database.write { connection in
            try connection.execute(
                "UPDATE training_loops SET revision = ?, document = ? WHERE endpoint = ? AND revision < ?",
                [.int(loop.revision), .text(JSONValue.object(loop.json).text), .text(loop.endpoint), .int(loop.revision)])
            guard connection.changes == 1 else {
                throw JidokaError(.conflict, "the training loop of `\(loop.endpoint)` was changed by another")
            }
            try EventTable.append(events, on: connection)
        }
    }
}
