package import Clockwork
import Errors
package import SQL
package import Tracking

/// The artifact paths in SQL. Folders have rows of their own (no digest), so that listing a folder is one range of an index.
package struct SQLArtifactIndex: ArtifactIndex {
    private let database: Database

    package init(database: Database) { self.database = database }

    package func put(_ path: ArtifactPath, digest: String, size: Int64, at time: Timestamp) async throws {
        try await database.write { connection in
            var folder = path.parent
            while let current = folder {
                let existing = try SQLArtifactIndex.row(current, on: connection)
                if let existing {
                    guard existing.isFolder else {
                        throw JidokaError.invalidArgument("`\(current)` is a file, so nothing can be put below it")
                    }
                    break
                }
                try SQLArtifactIndex.insert(current, nil, 0, time, on: connection)
                folder = current.parent
            }
            if let existing = try SQLArtifactIndex.row(path, on: connection), existing.isFolder {
                throw JidokaError.invalidArgument("`\(path)` is a folder, so no file can be put there")
            }
            try SQLArtifactIndex.insert(path, digest, size, time, on: connection)
        }
    }

    package func entry(_ path: ArtifactPath) async throws -> ArtifactEntry? {
        try await database.read { try SQLArtifactIndex.row(path, on: $0) }
    }

    package func list(_ folder: ArtifactPath?, after: String?, limit: Int) async throws -> [ArtifactEntry] {
        try await database.read { connection in
            try connection.map(
                "SELECT path, digest, size FROM artifacts WHERE folder = ? AND name > ? ORDER BY name LIMIT ?",
                [.text(folder?.description ?? ""), .text(after ?? ""), .int(Int64(limit))], SQLArtifactIndex.entry)
        }
    }

    package func files(in folder: ArtifactPath, after: ArtifactPath?, limit: Int) async throws -> [ArtifactEntry] {
        try await database.read { connection in
            // "0" is the character after "/": the range holds exactly what begins with the folder and a slash.
            try connection.map(
                "SELECT path, digest, size FROM artifacts WHERE path > ? AND path < ? AND digest IS NOT NULL ORDER BY path LIMIT ?",
                [.text(after?.description ?? "\(folder)/"), .text("\(folder)0"), .int(Int64(limit))], SQLArtifactIndex.entry)
        }
    }

    package func remove(_ path: ArtifactPath) async throws {
        try await database.write { connection in
            try connection.execute(
                "DELETE FROM artifacts WHERE path = ? OR (path > ? AND path < ?)", [.text("\(path)"), .text("\(path)/"), .text("\(path)0")])
            // Folders live by their files: empty ones go.
            var folder = path.parent
            while let current = folder {
                let used =
                    try connection.first("SELECT 1 FROM artifacts WHERE folder = ? LIMIT 1", [.text("\(current)")]) { _ in true } ?? false
                if used { break }
                try connection.execute("DELETE FROM artifacts WHERE path = ? AND digest IS NULL", [.text("\(current)")])
                folder = current.parent
            }
        }
    }

    /// Those of the digests (at most 500) that a path points to.
    package func named(_ digests: [String]) async throws -> Set<String> {
        guard !digests.isEmpty else { return [] }
        let marks = Array(repeating: "?", count: digests.count).joined(separator: ", ")
        return try await database.read { connection in
            Set(
                try connection.map("SELECT DISTINCT digest FROM artifacts WHERE digest IN (\(marks))", digests.map { .text($0) }) {
                    $0.text(0)
                })
        }
    }

    /// How many files there are, and their bytes, equal contents counted as often as they are named.
    package func totals() async throws -> (count: Int64, bytes: Int64) {
        try await database.read { connection in
            try connection.first("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM artifacts WHERE digest IS NOT NULL", []) {
                ($0.int(0), $0.int(1))
            } ?? (0, 0)
        }
    }

    private static func insert(
        _ path: ArtifactPath, _ digest: String?, _ size: Int64, _ time: Timestamp, on connection: Connection
    ) throws {
        try connection.execute(
            "INSERT INTO artifacts VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET"
                + " folder = excluded.folder, name = excluded.name, digest = excluded.digest, size = excluded.size,"
                + " created_at = excluded.created_at",
            [
                .text("\(path)"), .text(path.parent?.description ?? ""), .text(path.name), SQLValue(digest), .int(size),
                .int(time.microseconds),
            ])
    }

    private static func row(_ path: ArtifactPath, on connection: Connection) throws -> ArtifactEntry? {
        try connection.first("SELECT path, digest, size FROM artifacts WHERE path = ?", [.text("\(path)")], entry)
    }

    private static func entry(_ row: Row) throws -> ArtifactEntry {
        ArtifactEntry(path: try ArtifactPath(row.text(0)), digest: row.optionalText(1), size: row.int(2))
    }
}
