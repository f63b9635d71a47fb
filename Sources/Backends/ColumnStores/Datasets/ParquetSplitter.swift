package import Clockwork
package import Columns
package import Datasets
import Errors
internal import Glibc

/// Writes the parts of dataset versions as Parquet files, each made once and kept in a folder that may be emptied at any time.
///
/// A row is held out when the first 32 bits of the MD5 of its key, as a fraction of 2^32, lie below the holdout share: the same key falls
/// on
/// the same side in every version and on every machine. Without a key column, or where the key is missing, the row number takes its place.
package struct ParquetSplitter: DatasetSplitter {
    private let engine: ColumnEngine
    private let pool: BlockingPool
    private let folder: Folder
    private let ids: any IDSource

    package init(engine: ColumnEngine, pool: BlockingPool, folder: String, ids: any IDSource) {
        self.engine = engine
        self.pool = pool
        self.folder = Folder(path: folder)
        self.ids = ids
    }

    package func part(_ part: DatasetPart, of file: DatasetFile, digest: String, split: DatasetSplit) async throws -> String {
        let key = safeFileName(split.key ?? "")
        let share = String(split.holdout).replacing(".", with: "_")
        let name = "\(digest)-\(key.utf8.count > 100 ? hex16(stableHash(key)) : key)-\(share)-\(part.rawValue).parquet"
        let folder = folder
        let isThere = try await pool.run {
            try folder.create()
            return access(folder.file(name), R_OK) == 0
        }
        if isThere { return folder.file(name) }
        let temporary = "\(name.prefix(80))-\(ids.next()).tmp"
        do {
            try await engine.session { session in
                try SourceTable.with(file, session: session) { source in
                    let condition = ParquetSplitter.condition(part, split, source)
                    try session.execute(
                        "COPY (SELECT \(source.allColumns) FROM \(source.relation) WHERE \(condition) ORDER BY \(source.rowNumber))"
                            + " TO \(SQLText.literal(folder.file(temporary))) (FORMAT parquet, COMPRESSION zstd)")
                }
                chmod(folder.file(temporary), 0o444)
                try folder.publish(temporary, as: name)
            }
        } catch {
            try await pool.run { try folder.remove(temporary) }
            throw error
        }
        return folder.file(name)
    }

    private static func condition(_ part: DatasetPart, _ split: DatasetSplit, _ source: SourceTable) -> String {
        if part == .all { return "TRUE" }
        let row = "'row ' || CAST(\(source.rowNumber) AS VARCHAR)"
        let key = split.key.flatMap { source.field($0) }.map { "coalesce(\($0.textSQL), \(row))" } ?? row
        let threshold = UInt64(split.holdout * 0x1p32)
        let hash = "CAST('0x' || left(md5(\(key)), 8) AS UBIGINT)"
        return part == .holdout ? "\(hash) < \(threshold)" : "\(hash) >= \(threshold)"
    }

    /// FNV-1a, for file names of unreasonably long keys.
    private func stableHash(_ text: String) -> UInt64 { text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } }
}
