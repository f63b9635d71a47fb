package import Evaluation
package import Events
package import SQL

/// Scorers in SQL.
package struct SQLScorerStore: ScorerStore {
    private let database: Database

    package init(database: Database) { self.database = database }

    package func register(
        _ scorer: ScorerVersion, event: @escaping @Sendable (ScorerVersion) -> EventDraft
    ) async throws -> ScorerVersion {
        try await database.write { connection in
            var made = scorer
            let row = try connection.first(
                "INSERT INTO scorers (id, experiment, name, last_version) VALUES (?, ?, ?, 1)"
                    + " ON CONFLICT (experiment, name) DO UPDATE SET last_version = scorers.last_version + 1 RETURNING id, last_version",
                [.text(scorer.id), SQLValue(Int64(scorer.experimentID)), .text(scorer.name)]
            ) { ($0.text(0), $0.int(1)) }
            guard let (id, version) = row else { throw EvaluationErrors.noScorer(scorer.name, experiment: scorer.experimentID) }
            (made.id, made.version) = (id, version)
            try connection.execute(
                "INSERT INTO scorer_versions (scorer, version, serialized, created_at) VALUES (?, ?, ?, ?)",
                [.text(id), .int(version), .text(made.serialized), .int(made.createdAt)])
            try EventTable.append([event(made)], on: connection)
            return made
        }
    }

    package func newest(experimentIDs: [String]?) async throws -> [ScorerVersion] {
        var conditions = FilterSQL()
        if let ids = experimentIDs {
            let numbers = ids.compactMap { Int64($0) }
            if numbers.isEmpty { return [] }
            conditions.isOneOf("s.experiment", numbers.map(SQLValue.int))
        }
        conditions.add("v.version = (SELECT max(w.version) FROM scorer_versions w WHERE w.scorer = s.id)")
        return try await select(conditions, "s.experiment, s.name")
    }

    package func versions(experimentID: String, name: String) async throws -> [ScorerVersion] {
        var conditions = FilterSQL()
        conditions.add("s.experiment = ? AND s.name = ?", [SQLValue(Int64(experimentID)), .text(name)])
        let found = try await select(conditions, "v.version")
        guard !found.isEmpty else { throw EvaluationErrors.noScorer(name, experiment: experimentID) }
        return found
    }

    package func delete(experimentID: String, name: String, version: Int64?, event: EventDraft) async throws {
        try await database.write { connection in
            let id = try connection.first(
                "SELECT id FROM scorers WHERE experiment = ? AND name = ?", [SQLValue(Int64(experimentID)), .text(name)]
            ) { $0.text(0) }
            guard let id else { throw EvaluationErrors.noScorer(name, experiment: experimentID) }
            if let version {
                try connection.execute("DELETE FROM scorer_versions WHERE scorer = ? AND version = ?", [.text(id), .int(version)])
            } else {
                try connection.execute("DELETE FROM scorer_versions WHERE scorer = ?", [.text(id)])
            }
            guard connection.changes > 0 else { throw EvaluationErrors.noScorer(name, version: version, experiment: experimentID) }
            try EventTable.append([event], on: connection)
        }
    }

    private func select(_ conditions: FilterSQL, _ order: String) async throws -> [ScorerVersion] {
        let sql =
            "SELECT s.id, s.experiment, s.name, v.version, v.serialized, v.created_at FROM scorers s"
            + " JOIN scorer_versions v ON v.scorer = s.id WHERE \(conditions.text) ORDER BY \(order)"
        let bindings = conditions.bindings
        return try await database.read { connection in
            try connection.map(sql, bindings) { row in
                ScorerVersion(
                    id: row.text(0), experimentID: String(row.int(1)), name: row.text(2), version: row.int(3), serialized: row.text(4),
                    createdAt: row.int(5))
            }
        }
    }
}
