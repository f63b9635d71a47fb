import Clockwork
package import Datasets
import Errors
package import Events
import JSON
package import SQL

/// Dataset versions in SQL.
package struct SQLDatasetStore: DatasetStore {
    private let database: Database
    private static let columns = "dataset, digest, rows, bytes, format, profile, source, parents, created_at, actor"

    package init(database: Database) { self.database = database }

    package func add(_ version: DatasetVersion, event: EventDraft) async throws -> (version: DatasetVersion, added: Bool) {
        try await database.write { connection in
            let known = "SELECT \(SQLDatasetStore.columns) FROM dataset_versions WHERE dataset = ? AND digest = ?"
            let key: [SQLValue] = [.text(version.dataset), .text(version.digest)]
            if let stored = try connection.first(known, key, SQLDatasetStore.version) { return (stored, false) }
            let parents = JSONValue.array(version.parents.map(JSONValue.string)).text
            try connection.execute(
                "INSERT INTO dataset_versions (\(SQLDatasetStore.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                key + [
                    .int(version.rows), .int(version.bytes), .text(version.format.rawValue),
                    .text(JSONValue.object(version.profile.json).text),
                    .text(version.source), .text(parents), .int(version.createdAt.microseconds), .text(version.actor),
                ])
            try EventTable.append([event], on: connection)
            return (version, true)
        }
    }

    package func version(dataset: String, prefix: String) async throws -> DatasetVersion {
        let digits = prefix.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        guard digits, (4...64).contains(prefix.utf8.count) else {
            throw JidokaError.invalidArgument(
                "`\(prefix)` is no version", hint: "give 4 to 64 digits of the digest in lower case, as `jidoka data list` shows")
        }
        let sql = """
            SELECT \(SQLDatasetStore.columns) FROM dataset_versions
            WHERE dataset = ? AND digest >= ? AND digest < ? ORDER BY digest LIMIT 2
            """
        let found = try await database.read { connection in
            try connection.map(sql, [.text(dataset), .text(prefix), .text(prefix + "g")], SQLDatasetStore.version)
        }
        guard let first = found.first else {
            throw JidokaError.notFound(
                "the dataset `\(dataset)` has no version `\(prefix)`", hint: "list its versions with `jidoka data show \(dataset)`")
        }
        guard found.count == 1 else {
            throw JidokaError.invalidArgument("several versions of `\(dataset)` begin with `\(prefix)`", hint: "give more digits")
        }
        return first
    }

    package func version(digest: String) async throws -> DatasetVersion? {
        let sql = "SELECT \(SQLDatasetStore.columns) FROM dataset_versions WHERE digest = ? ORDER BY sequence LIMIT 1"
        return try await database.read { try $0.first(sql, [.text(digest)], SQLDatasetStore.version) }
    }

    /// Those of the digests (at most 500) that are versions of a dataset.
    package func named(_ digests: [String]) async throws -> Set<String> {
        guard !digests.isEmpty else { return [] }
        let marks = Array(repeating: "?", count: digests.count).joined(separator: ", ")
        return try await database.read { connection in
            Set(
                try connection.map("SELECT DISTINCT digest FROM dataset_versions WHERE digest IN (\(marks))", digests.map { .text($0) }) {
                    $0.text(0)
                })
        }
    }

    package func versions(dataset: String, limit: Int, skip: Int) async throws -> [DatasetVersion] {
        try checkPage(limit)
        let sql = "SELECT \(SQLDatasetStore.columns) FROM dataset_versions WHERE dataset = ? ORDER BY sequence DESC LIMIT ? OFFSET ?"
        return try await database.read {
            try $0.map(sql, [.text(dataset), .int(Int64(limit)), .int(Int64(max(0, skip)))], SQLDatasetStore.version)
        }
    }

    package func datasets(limit: Int, after: String?) async throws -> [DatasetSummary] {
        try checkPage(limit)
        let sql = """
            SELECT \(SQLDatasetStore.columns), total FROM dataset_versions JOIN
            (SELECT max(sequence) AS newest, count(*) AS total FROM dataset_versions
            WHERE dataset > ? GROUP BY dataset ORDER BY dataset LIMIT ?) AS newest_of ON sequence = newest ORDER BY dataset
            """
        return try await database.read { connection in
            try connection.map(sql, [.text(after ?? ""), .int(Int64(limit))]) { row in
                let newest = try SQLDatasetStore.version(row)
                return DatasetSummary(name: newest.dataset, versions: row.int(10), newest: newest)
            }
        }
    }

    private static func version(_ row: Row) throws -> DatasetVersion {
        guard let format = DatasetFormat(rawValue: row.text(4)), let profile = try JSONValue.parse(row.text(5)).objectValue else {
            throw JidokaError.internal("a stored dataset version has an unknown format or no profile")
        }
        return DatasetVersion(
            dataset: row.text(0), digest: row.text(1), rows: row.int(2), bytes: row.int(3), format: format,
            profile: try DatasetProfile(json: profile),
            source: row.text(6), parents: try JSONValue.parse(row.text(7)).arrayValue?.compactMap(\.stringValue) ?? [],
            createdAt: Timestamp(microseconds: row.int(8)), actor: row.text(9))
    }
}

/// Pages of dataset lists hold 1 to 1000 items.
private func checkPage(_ limit: Int) throws {
    guard (1...1_000).contains(limit) else { throw JidokaError.invalidArgument("`limit` must be between 1 and 1000") }
}
