package import Columns
package import Datasets
import Errors
package import Monitoring

/// Columns of dataset versions as monitoring and the gate want them: numbers, or texts.
package struct DatasetColumns: ReferenceSource {
    private let engine: ColumnEngine
    private let locate: @Sendable (String) async throws -> DatasetFile

    /// `locate` tells where the content of a digest lies: `DatasetService.file(digest:)`.
    package init(engine: ColumnEngine, locate: @escaping @Sendable (String) async throws -> DatasetFile) {
        self.engine = engine
        self.locate = locate
    }

    package func columns(datasetDigest: String, names: [String], rowsMax: Int) async throws -> [FeatureColumn] {
        try await columns(of: try await locate(datasetDigest), names: names, rowsMax: rowsMax)
    }

    /// The named columns of a file, in the given order; of more than `rowsMax` rows every n-th is taken.
    /// - Throws: `not_found` with the nearest name for a column that is not there.
    package func columns(of file: DatasetFile, names: [String], rowsMax: Int) async throws -> [FeatureColumn] {
        if names.isEmpty { return [] }
        return try await engine.session { session in
            try SourceTable.with(file, session: session) { source in
                let fields = try names.map { name in
                    guard let field = source.field(name) else {
                        let near = nearestName(to: name, among: source.fields.map(\.name))
                        throw JidokaError.notFound("the data has no column `\(name)`", hint: near.map { "did you mean `\($0)`?" })
                    }
                    return field
                }
                guard case .integer(let rows) = try session.query("SELECT count(*) FROM \(source.relation)").scalar() else {
                    throw JidokaError.internal("count(*) did not answer an integer")
                }
                let limit = Int64(max(1, rowsMax))
                let step = max(1, (rows + limit - 1) / limit)
                let list = fields.map { $0.isNumberLike ? $0.numberSQL : $0.textSQL }.joined(separator: ", ")
                let table = try session.query(
                    "SELECT \(list) FROM \(source.relation) WHERE \(source.rowNumber) % \(step) = 0 ORDER BY \(source.rowNumber)",
                    maximumRows: Int(limit))
                return try zip(fields, table.columns).map { field, column in
                    field.isNumberLike ? .numbers(try column.doubles()) : .texts(column.strings())
                }
            }
        }
    }

    /// Names and types of a file's columns.
    package func schema(of file: DatasetFile) async throws -> [ColumnSchema] {
        try await engine.session { session in try SourceTable.with(file, session: session) { $0.fields } }
    }
}

extension ColumnSchema {
    /// Read as numbers: integers, fractions and booleans.
    fileprivate var isNumberLike: Bool { kind.isNumeric || kind == .boolean }
}
