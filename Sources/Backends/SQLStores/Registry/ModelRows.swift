import Clockwork
import JSON
import Registry
import SQL

/// Reads registry rows; used inside reads and writes alike.
enum ModelRows {
    static func number(of name: String, on connection: Connection) throws -> Int64 {
        guard let number = try connection.first("SELECT number FROM registered_models WHERE name = ?", [.text(name)], { $0.int(0) }) else {
            throw RegistryErrors.noModel(name)
        }
        return number
    }

    /// The row of a version that is not deleted. - Throws: `noModel`, `noVersion`.
    static func number(of name: String, _ version: Int, on connection: Connection) throws -> (model: Int64, version: Int64) {
        let model = try number(of: name, on: connection)
        let sql = "SELECT number FROM model_versions WHERE model = ? AND version = ? AND deleted_at IS NULL"
        guard let row = try connection.first(sql, [.int(model), .int(Int64(version))], { $0.int(0) }) else {
            throw RegistryErrors.noVersion(name, version)
        }
        return (model, row)
    }

    static func touch(model: Int64, at time: Timestamp, on connection: Connection) throws {
        try connection.execute("UPDATE registered_models SET updated_at = ? WHERE number = ?", [.int(time.microseconds), .int(model)])
    }

    static func model(name: String, on connection: Connection) throws -> RegisteredModel? {
        let found = try connection.first(
            "SELECT number, name, description, created_at, updated_at FROM registered_models WHERE name = ?", [.text(name)]
        ) { ($0.int(0), header($0)) }
        guard let (number, model) = found else { return nil }
        return try filled(model, number, on: connection)
    }

    /// Columns: number, name, description, created_at, updated_at.
    static func header(_ row: Row) -> RegisteredModel {
        RegisteredModel(
            name: row.text(1), description: row.text(2), createdAt: Timestamp(microseconds: row.int(3)),
            updatedAt: Timestamp(microseconds: row.int(4)))
    }

    static func filled(_ model: RegisteredModel, _ number: Int64, on connection: Connection) throws -> RegisteredModel {
        var model = model
        model.tags = try connection.map("SELECT key, value FROM registered_model_tags WHERE model = ? ORDER BY key", [.int(number)]) {
            ModelTag(key: $0.text(0), value: $0.text(1))
        }
        model.aliases = try connection.map("SELECT alias, version FROM model_aliases WHERE model = ? ORDER BY alias", [.int(number)]) {
            ModelAlias(alias: $0.text(0), version: Int($0.int(1)))
        }
        let latest = try connection.map(
            """
            SELECT \(versionColumns) FROM model_versions v JOIN registered_models m ON m.number = v.model \
            WHERE v.model = ? AND v.version IN
            """
                + " (SELECT max(version) FROM model_versions WHERE model = ? AND deleted_at IS NULL GROUP BY stage) ORDER BY v.version",
            [.int(number), .int(number)], versionHeader)
        model.latestVersions = try latest.map { try filled($0.version, $0.number, $0.model, on: connection, aliases: false) }
        return model
    }

    static let versionColumns =
        "v.number, v.model, m.name, v.version, v.description, v.stage, v.status, v.status_message, v.source, v.storage_location, v.run,"
        + " v.run_link, v.logged_model, v.user_id, v.verification, v.created_at, v.updated_at"

    struct VersionHeader: Sendable {
        var number: Int64
        var model: Int64
        var version: ModelVersion
    }

    static func versionHeader(_ row: Row) throws -> VersionHeader {
        let report = try row.optionalText(14).flatMap { try JSONValue.parse($0).objectValue }.flatMap(VerificationReport.init)
        let version = ModelVersion(
            name: row.text(2), version: Int(row.int(3)), description: row.text(4), stage: ModelStage(rawValue: row.text(5)) ?? .none,
            status: ModelVersionStatus(rawValue: row.text(6)) ?? .failed, statusMessage: row.text(7), source: row.text(8),
            storageLocation: row.text(9), runID: row.text(10), runLink: row.text(11), modelID: row.text(12), userID: row.text(13),
            createdAt: Timestamp(microseconds: row.int(15)), updatedAt: Timestamp(microseconds: row.int(16)), verification: report)
        return VersionHeader(number: row.int(0), model: row.int(1), version: version)
    }

    static func version(name: String, _ version: Int, on connection: Connection) throws -> ModelVersion? {
        let found = try connection.first(
            "SELECT \(versionColumns) FROM model_versions v JOIN registered_models m ON m.number = v.model"
                + " WHERE m.name = ? AND v.version = ? AND v.deleted_at IS NULL", [.text(name), .int(Int64(version))], versionHeader)
        return try found.map { try filled($0.version, $0.number, $0.model, on: connection) }
    }

    static func filled(
        _ version: ModelVersion, _ number: Int64, _ model: Int64, on connection: Connection, aliases: Bool = true
    ) throws -> ModelVersion {
        var version = version
        version.tags = try connection.map("SELECT key, value FROM model_version_tags WHERE version = ? ORDER BY key", [.int(number)]) {
            ModelTag(key: $0.text(0), value: $0.text(1))
        }
        if aliases {
            version.aliases = try connection.map(
                "SELECT alias FROM model_aliases WHERE model = ? AND version = ? ORDER BY alias",
                [.int(model), .int(Int64(version.version))]
            ) { $0.text(0) }
        }
        return version
    }
}
