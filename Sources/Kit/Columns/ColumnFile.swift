import Errors
internal import Glibc

/// A file of rows, and what it is written in.
package struct ColumnFile: Sendable, Hashable {
    package enum Format: String, Sendable, CaseIterable {
        case parquet, csv, json
    }

    package var path: String
    package var format: Format

    package init(path: String, format: Format) {
        self.path = path
        self.format = format
    }

    /// The format by the file's first bytes (Parquet), else by its name; what has neither is taken for CSV.
    /// Throws `not_found` where there is no such file.
    package init(path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw JidokaError.notFound("`\(path)` cannot be opened: \(String(cString: strerror(errno)))", hint: "check the path")
        }
        defer { close(descriptor) }
        var head: [UInt8] = [0, 0, 0, 0]
        let length = read(descriptor, &head, head.count)
        self.path = path
        if length == 4, head == Array("PAR1".utf8) {
            format = .parquet
        } else {
            let name = path.lowercased()
            format = [".json", ".jsonl", ".ndjson"].contains { name.hasSuffix($0) || name.hasSuffix($0 + ".gz") } ? .json : .csv
        }
    }

    /// What stands after FROM: `read_parquet(['…'])`. Characters that DuckDB would expand as a pattern stand for themselves.
    package var sql: String {
        let literal = SQLText.literal(ColumnFile.escapingPattern(path))
        return switch format {
        case .parquet: "read_parquet([\(literal)])"
        case .csv: "read_csv([\(literal)])"
        case .json: "read_json([\(literal)])"
        }
    }

    /// `*`, `?` and `[` in brackets, so that a file of that very name is meant and no pattern.
    static func escapingPattern(_ path: String) -> String {
        var out = ""
        for character in path {
            if character == "*" || character == "?" || character == "[" {
                out += "[\(character)]"
            } else {
                out.append(character)
            }
        }
        return out
    }
}

/// What a file of rows holds.
package struct ColumnFileDescription: Sendable, Hashable {
    package struct Field: Sendable, Hashable {
        package var name: String
        /// DuckDB's name of the type, as `BIGINT` or `DECIMAL(18,3)`.
        package var type: String
        package var nullable: Bool
    }
    package var fields: [Field]
    package var rowCount: Int
}

extension ColumnEngine {
    /// Names and types of a file's columns, and its number of rows. Of Parquet only the footer is read.
    package func describe(_ file: ColumnFile) async throws -> ColumnFileDescription {
        try await session { session in
            let table = try session.query("DESCRIBE SELECT * FROM \(file.sql)")
            let names = try table.column("column_name").strings()
            let types = try table.column("column_type").strings()
            let nullable = try table.column("null").strings()
            let fields = names.indices.map {
                ColumnFileDescription.Field(name: names[$0] ?? "", type: types[$0] ?? "", nullable: nullable[$0] != "NO")
            }
            guard case .integer(let count) = try session.query("SELECT count(*) FROM \(file.sql)").scalar() else {
                throw JidokaError.internal("count(*) did not answer an integer")
            }
            return ColumnFileDescription(fields: fields, rowCount: Int(count))
        }
    }
}
