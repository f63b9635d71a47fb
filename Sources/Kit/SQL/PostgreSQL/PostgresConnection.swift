internal import CPostgres
import Errors
import Glibc

/// One PostgreSQL connection through libpq (https://www.postgresql.org/docs/15/libpq.html); it belongs to one thread at a time.
///
/// Statements are prepared once for each text and each list of bound types: the type of a binding is that of its value, and only NULL
/// takes the type that the statement wants. Values travel as text, whose doubles read back exactly.
final class PostgresConnection {
    private let handle: OpaquePointer
    private var statements: [String: PostgresStatement] = [:]
    private var prepared = 0
    private(set) var changes = 0
    /// Statements kept prepared; the least work to bound it is to forget all when it is full.
    private static let statementsMax = 256
    /// Statements that travel together: their answers must fit what the two sockets hold, or both sides wait for ever.
    private static let pipelinedMax = 200

    /// - Throws: `unavailable`, `permission_denied` or `failed_precondition` with what to do.
    init(_ url: String) throws {
        let settings: KeyValuePairs = [
            "fallback_application_name": "jidoka", "connect_timeout": "10", "keepalives_idle": "10", "keepalives_interval": "5",
            "keepalives_count": "3", "tcp_user_timeout": "30000", "client_encoding": "UTF8", "dbname": url,
        ]
        let names = settings.map { strdup($0.key) } + [nil]
        let values = settings.map { strdup($0.value) } + [nil]
        defer { for text in names + values { free(text) } }
        guard let opened = PQconnectdbParams(names.map { UnsafePointer($0) }, values.map { UnsafePointer($0) }, 1) else {
            throw JidokaError(.exhausted, "out of memory")
        }
        guard PQstatus(opened) == CONNECTION_OK else {
            let message = String(cString: PQerrorMessage(opened))
            PQfinish(opened)
            throw PostgresFailure.unreachable(message)
        }
        PQsetNoticeProcessor(opened, { _, _ in }, nil)
        handle = opened
        do { try setUp() } catch {
            PQfinish(opened)
            throw error
        }
    }

    /// A session as the program wants it, whatever the server's settings are.
    private func setUp() throws {
        guard PQserverVersion(handle) >= 130_000 else {
            throw JidokaError.failedPrecondition("the PostgreSQL server is older than 13", hint: "use a newer one")
        }
        let encoding = String(cString: PQparameterStatus(handle, "server_encoding"))
        guard encoding == "UTF8" else {
            throw JidokaError.failedPrecondition(
                "the database's encoding is \(encoding), not UTF8",
                hint: "make one with `createdb --encoding UTF8 --template template0 NAME`")
        }
        try script(
            """
            SET synchronous_commit = on; SET standard_conforming_strings = on; SET client_min_messages = error; \
            SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s'
            """)
    }

    deinit { PQfinish(handle) }

    var isLost: Bool { PQstatus(handle) != CONNECTION_OK }

    /// A result, checked. - Throws: the failure it tells of.
    private func checked(_ raw: OpaquePointer?, _ sql: String) throws -> PostgresResult {
        guard let raw else {
            throw PostgresFailure.error(state: "", message: String(cString: PQerrorMessage(handle)), sql: sql, lost: isLost)
        }
        let result = PostgresResult(raw)
        switch PQresultStatus(raw) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY, PGRES_PIPELINE_SYNC: return result
        default:
            let state = PQresultErrorField(raw, Int32(UInt8(ascii: "C"))).map { String(cString: $0) } ?? ""
            throw PostgresFailure.error(state: state, message: String(cString: PQresultErrorMessage(raw)), sql: sql, lost: isLost)
        }
    }

    private func statement(_ sql: String) throws -> PostgresStatement {
        if let found = statements[sql] { return found }
        if statements.count >= PostgresConnection.statementsMax {
            try simple("DEALLOCATE ALL")
            statements.removeAll()
        }
        let statement = PostgresStatement(Dialect.postgres.translate(sql))
        statements[sql] = statement
        return statement
    }

    /// The server's name of the statement for these types.
    private func name(_ statement: PostgresStatement, _ types: [UInt32]) throws -> String {
        if let name = statement.names[types] { return name }
        prepared += 1
        let name = "s\(prepared)"
        _ = try checked(PQprepare(handle, name, statement.text, Int32(types.count), types), statement.text)
        statement.names[types] = name
        return name
    }

    private func query(_ sql: String, _ bindings: [SQLValue]) throws -> PostgresResult {
        let statement = try statement(sql)
        let values = PostgresBindings(bindings)
        let name = try name(statement, values.types)
        let raw = values.withPointers { PQexecPrepared(handle, name, Int32(bindings.count), $0, nil, nil, 0) }
        let result = try checked(raw, statement.text)
        changes = result.changes
        return result
    }

    private func simple(_ sql: String) throws { _ = try checked(PQexec(handle, sql), sql) }
}

extension PostgresConnection: SQLEngine {
    func script(_ sql: String) throws { try simple(PostgresDialect.schema(sql)) }

    func run(_ sql: String, _ bindings: [SQLValue]) throws { _ = try query(sql, bindings) }

    func forEach(_ sql: String, _ bindings: [SQLValue], _ take: (Row) throws -> Void) throws {
        let result = try query(sql, bindings)
        for index in 0..<result.count { try take(Row(.postgres(PostgresRow(result: result.handle, index: index)))) }
        withExtendedLifetime(result) {}
    }

    func first<T>(_ sql: String, _ bindings: [SQLValue], _ make: (Row) throws -> T) throws -> T? {
        let result = try query(sql, bindings)
        defer { withExtendedLifetime(result) {} }
        return result.count == 0 ? nil : try make(Row(.postgres(PostgresRow(result: result.handle, index: 0))))
    }

    func runEach(_ sql: String, _ rows: [[SQLValue]]) throws {
        let statement = try statement(sql)
        var rest = rows[...]
        while !rest.isEmpty {
            try pipeline(statement, rest.prefix(PostgresConnection.pipelinedMax))
            rest = rest.dropFirst(PostgresConnection.pipelinedMax)
        }
    }

    /// Sends all, then reads the answers: one journey for many statements.
    private func pipeline(_ statement: PostgresStatement, _ rows: ArraySlice<[SQLValue]>) throws {
        let bound = rows.map { PostgresBindings($0) }
        let names = try bound.map { try name(statement, $0.types) }
        func failure() -> JidokaError {
            PostgresFailure.error(state: "", message: String(cString: PQerrorMessage(handle)), sql: statement.text, lost: isLost)
        }
        guard PQenterPipelineMode(handle) == 1 else { throw failure() }
        var first: (any Error)?
        for (values, name) in zip(bound, names) where first == nil {
            let sent = values.withPointers { PQsendQueryPrepared(handle, name, Int32(values.types.count), $0, nil, nil, 0) }
            if sent != 1 { first = failure() }
        }
        if PQpipelineSync(handle) != 1 { first = first ?? failure() }
        var synchronized = false
        while !synchronized, !isLost {
            // Each statement's answer ends with a null; the synchronization point has none.
            guard let raw = PQgetResult(handle) else { continue }
            synchronized = PQresultStatus(raw) == PGRES_PIPELINE_SYNC
            do { _ = try checked(raw, statement.text) } catch { first = first ?? error }
        }
        if PQexitPipelineMode(handle) != 1 { first = first ?? failure() }
        if let first { throw first }
    }

    /// Writers of all servers take turns: a body may read, decide and write, as if it were alone, and what is committed later has the
    /// higher numbers. The turn ends with the transaction.
    func begin(writing: Bool) throws {
        try simple(writing ? "BEGIN; \(PostgresTurn.take)" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    func end(keeping: Bool) throws { try simple(keeping ? "COMMIT" : "ROLLBACK") }
    func setSavepoint() throws { try simple("SAVEPOINT job") }
    func releaseSavepoint() throws { try simple("RELEASE job") }
    func rollBackToSavepoint() throws { try simple("ROLLBACK TO job; RELEASE job") }
}
