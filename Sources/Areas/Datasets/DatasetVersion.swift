package import Clockwork
package import JSON

/// How the bytes of a dataset version are written.
package enum DatasetFormat: String, Sendable, Hashable, CaseIterable {
    case parquet, csv

    /// By the first bytes (`PAR1` is Parquet, see the Parquet format specification), else by the name's ending; CSV when neither tells.
    package init(firstBytes: [UInt8], filename: String) {
        let name = filename.lowercased()
        let parquet = firstBytes.starts(with: Array("PAR1".utf8)) || name.hasSuffix(".parquet") || name.hasSuffix(".pq")
        self = parquet ? .parquet : .csv
    }
}

/// One column of a dataset: its name and the type as the column engine names it (`BIGINT`, `DOUBLE`, `VARCHAR`, …).
package struct ColumnSchema: Sendable, Hashable {
    package var name: String
    package var type: String

    package init(name: String, type: String) {
        self.name = name
        self.type = type
    }

    package var kind: ColumnKind { ColumnKind(type: type) }

    package var json: JSONValue { ["name": .string(name), "type": .string(type)] }
}

/// The families of column types that expectations and monitoring tell apart.
package enum ColumnKind: String, Sendable, Hashable, CaseIterable {
    case integer, number, string, boolean, timestamp, other

    package init(type: String) {
        let name = type.uppercased().prefix { $0 != "(" && $0 != "[" }
        if type.hasSuffix("]") {
            self = .other
            return
        }
        switch name {
        case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT":
            self = .integer
        case "FLOAT", "DOUBLE", "DECIMAL", "REAL": self = .number
        case "VARCHAR", "ENUM", "UUID", "TEXT": self = .string
        case "BOOLEAN": self = .boolean
        case "DATE": self = .timestamp
        case let name where name.hasPrefix("TIMESTAMP"): self = .timestamp
        default: self = .other
        }
    }

    /// Integers are numbers too.
    package var isNumeric: Bool { self == .integer || self == .number }
}

/// One immutable content of a dataset, named by the SHA-256 of its bytes. See docs/format/datasets.md.
package struct DatasetVersion: Sendable, Hashable {
    package var dataset: String
    /// 64 hexadecimal digits.
    package var digest: String
    package var rows: Int64
    package var bytes: Int64
    package var format: DatasetFormat
    package var profile: DatasetProfile
    /// Where the bytes came from: `upload census-2015.parquet`, `predictions of endpoint employment, newest 8000 labelled rows`.
    package var source: String
    /// Digests of the versions that this one was made from.
    package var parents: [String]
    package var createdAt: Timestamp
    package var actor: String

    package init(
        dataset: String, digest: String, rows: Int64, bytes: Int64, format: DatasetFormat, profile: DatasetProfile, source: String,
        parents: [String],
        createdAt: Timestamp, actor: String
    ) {
        self.dataset = dataset
        self.digest = digest
        self.rows = rows
        self.bytes = bytes
        self.format = format
        self.profile = profile
        self.source = source
        self.parents = parents
        self.createdAt = createdAt
        self.actor = actor
    }

    /// The short name: the first 12 digits of the digest.
    package var version: String { String(digest.prefix(DatasetVersion.shortDigits)) }
    package static let shortDigits = 12

    package var schema: [ColumnSchema] { profile.columns.map { ColumnSchema(name: $0.name, type: $0.type) } }

    /// The form that the API answers; `withProfile: false` for lists.
    package func json(withProfile: Bool = true) -> JSONObject {
        var object: JSONObject = [
            "dataset": .string(dataset), "version": .string(version), "digest": .string(digest), "rows": .int(rows), "bytes": .int(bytes),
            "format": .string(format.rawValue), "schema": .array(schema.map(\.json)), "source": .string(source),
            "parents": .array(parents.map(JSONValue.string)), "created_at": .string(createdAt.rfc3339), "actor": .string(actor),
        ]
        if withProfile { object["profile"] = .object(profile.json) }
        return object
    }
}

/// One line of the list of datasets.
package struct DatasetSummary: Sendable, Hashable {
    package var name: String
    package var versions: Int64
    /// The version that was added last.
    package var newest: DatasetVersion

    package init(name: String, versions: Int64, newest: DatasetVersion) {
        self.name = name
        self.versions = versions
        self.newest = newest
    }

    package var json: JSONObject {
        ["name": .string(name), "versions": .int(versions), "newest": .object(newest.json(withProfile: false))]
    }
}

/// A file of rows on this machine and how to read it.
package struct DatasetFile: Sendable, Hashable {
    package var path: String
    package var format: DatasetFormat

    package init(path: String, format: DatasetFormat) {
        self.path = path
        self.format = format
    }
}
