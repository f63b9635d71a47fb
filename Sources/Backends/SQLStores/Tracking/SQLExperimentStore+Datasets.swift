import SQL
package import Tracking

extension SQLExperimentStore {
    package func datasets(in experimentIDs: [String], limit: Int) async throws -> [DatasetSummary] {
        let numbers = experimentIDs.compactMap { Int64($0) }
        if numbers.isEmpty { return [] }
        let marks = numbers.map { _ in "?" }.joined(separator: ", ")
        return try await database.read { connection in
            try connection.map(
                "SELECT DISTINCT d.experiment, d.name, d.digest, t.value FROM datasets d JOIN run_datasets i ON i.dataset = d.number"
                    + " LEFT JOIN run_dataset_tags t ON t.input = i.number AND t.key = '\(DatasetInput.contextTag)'"
                    + " WHERE d.experiment IN (\(marks)) ORDER BY d.experiment, d.name, d.digest, t.value LIMIT ?",
                numbers.map { .int($0) } + [.int(Int64(limit))]
            ) { row in
                DatasetSummary(experimentID: String(row.int(0)), name: row.text(1), digest: row.text(2), context: row.optionalText(3))
            }
        }
    }
}
