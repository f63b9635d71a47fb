internal import CDuckDB
import Errors

/// The handle of one open database; closed with its last reference, which every connection holds.
final class DuckDBDatabase: @unchecked Sendable {  // DuckDB's database handle may be used from any thread
    private var handle: duckdb_database?

    init(_ options: ColumnEngine.Options) throws {
        var config: duckdb_config?
        guard duckdb_create_config(&config) == 0 else { throw JidokaError(.exhausted, "DuckDB could not make its settings: out of memory") }
        defer { duckdb_destroy_config(&config) }
        var settings = [
            ("threads", String(max(1, options.threads))),
            ("memory_limit", options.memoryLimit),
            ("temp_directory", options.temporaryDirectory ?? ""),
            ("access_mode", options.readOnly ? "READ_ONLY" : "AUTOMATIC"),
            // Nothing is fetched from anywhere, and nothing is read from the user's home.
            ("autoinstall_known_extensions", "false"),
            ("autoload_known_extensions", "false"),
            ("allow_community_extensions", "false"),
            ("allow_persistent_secrets", "false"),
        ]
        if options.path == nil, options.readOnly { settings.removeAll { $0.0 == "access_mode" } }
        for (name, value) in settings {
            guard duckdb_set_config(config, name, value) == 0 else {
                throw JidokaError.invalidArgument("DuckDB refuses the setting `\(name)` = `\(value)`")
            }
        }
        var reason: UnsafeMutablePointer<CChar>?
        defer { duckdb_free(reason) }
        guard duckdb_open_ext(options.path, &handle, config, &reason) == 0 else {
            throw duckDBError(reason.map { String(cString: $0) } ?? "the database could not be opened")
        }
        // Text and calendar functions on times with a zone answer in UTC, whatever the machine's zone.
        let session = try DuckDBConnection(self)
        try session.run("SET GLOBAL TimeZone = 'UTC'")
        try session.run("SET lock_configuration = true")
    }

    deinit { duckdb_close(&handle) }

    func connect() throws -> duckdb_connection {
        var connection: duckdb_connection?
        guard duckdb_connect(handle, &connection) == 0, let connection else { throw JidokaError.internal("DuckDB refused a connection") }
        return connection
    }
}

/// DuckDB's text as the one error value; its first words tell the kind.
func duckDBError(_ text: String, sql: String? = nil) -> JidokaError {
    let firstLine = text.split(separator: "\n", maxSplits: 1).first.map(String.init) ?? text
    var fields: [String: String] = [:]
    if let sql { fields["sql"] = String(sql.prefix(2_000)) }
    func error(_ code: ErrorCode, _ hint: String?) -> JidokaError {
        JidokaError(code, "DuckDB: \(firstLine)", hint: hint, fields: fields)
    }
    if text.contains("No space left on device") { return error(.exhausted, "free disk space, then try again") }
    if text.hasPrefix("IO Error") {
        if text.contains("No files found") || text.contains("No such file") { return error(.notFound, "check the path of the file") }
        return error(.unavailable, "check that the file is there, is readable and is not in use by another program")
    }
    if text.hasPrefix("Out of Memory Error") {
        return error(.exhausted, "ask for less at once, or raise the memory limit of the column engine")
    }
    if text.hasPrefix("INTERNAL Error") || text.hasPrefix("FATAL Error") { return error(.internal, nil) }
    return error(.invalidArgument, nil)
}
