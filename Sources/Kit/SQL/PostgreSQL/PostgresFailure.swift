import Errors

/// The cause kept for the log.
package struct PostgresFailure: Error, CustomStringConvertible {
    /// The five characters of SQLSTATE; empty when the server said nothing.
    package var state: String
    package var message: String
    package var sql: String?
    package var description: String {
        "PostgreSQL \(state): \(message.split(whereSeparator: \.isNewline).joined(separator: "; "))"
            + (sql.map { " in `\($0.prefix(200))`" } ?? "")
    }

    /// Maps SQLSTATE (https://www.postgresql.org/docs/15/errcodes-appendix.html) to the one error value.
    static func error(state: String, message: String, sql: String?, lost: Bool) -> JidokaError {
        let cause = PostgresFailure(state: state, message: message, sql: sql)
        if lost || state.hasPrefix("08") || state.hasPrefix("57P") {
            return JidokaError(
                .unavailable, "the connection to the database was lost", hint: "it is opened again by itself: try again in a moment",
                cause: cause)
        }
        switch state {
        case "40001", "40P01":
            return JidokaError(.unavailable, "the change met another one", hint: "try again", cause: cause)
        case "55P03":
            return JidokaError(
                .unavailable, "another server has had the turn to write for too long", hint: "try again in a moment", cause: cause)
        case "2201B":
            return JidokaError(.invalidArgument, "the database cannot read the regular expression: \(message)", cause: cause)
        case "53100": return .diskFull("the database server's disk is full: nothing was written", cause: cause)
        case "25006":
            return JidokaError(.unavailable, "the database takes no writes", hint: "give the address of the primary server", cause: cause)
        case "42501":
            return JidokaError(
                .permissionDenied, "the database user may not do this", hint: "make the user the owner of the database", cause: cause)
        case "25P03":
            return JidokaError(.unavailable, "the change took too long and was undone", hint: "try again", cause: cause)
        default:
            if state.hasPrefix("23") { return JidokaError(.conflict, "the change conflicts with what is stored", cause: cause) }
            if state.hasPrefix("53") {
                return JidokaError(.unavailable, "the database server has no room for more work", hint: "try again later", cause: cause)
            }
            return JidokaError(.internal, "internal error", cause: cause)
        }
    }

    /// A connection that could not be made. libpq's message names host, port, user and database, never the password; only where it cannot
    /// read the address does it cite it.
    static func unreachable(_ message: String) -> JidokaError {
        if message.contains(" URI") || message.contains("percent-encoded") || message.contains("://") {
            return JidokaError.invalidArgument(
                "the address of the database cannot be read",
                hint: "write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with %40 for @ and %25 for % inside the password")
        }
        let cause = PostgresFailure(state: "", message: message)
        let line = message.split(whereSeparator: \.isNewline).last.map(String.init) ?? message
        if message.contains("password") || message.contains("authentication failed") || message.contains("role \"") {
            return JidokaError(
                .permissionDenied, "the database server refused the user: \(line)", hint: "check the user and the password of the address",
                cause: cause)
        }
        if message.contains("database \""), message.contains("does not exist") {
            return JidokaError(
                .failedPrecondition, "there is no such database: \(line)", hint: "make it with `createdb NAME`", cause: cause)
        }
        return JidokaError(
            .unavailable, "the database server cannot be reached: \(line)", hint: "check the address, and that the server runs",
            cause: cause)
    }
}

/// The turn to write: an advisory lock (https://www.postgresql.org/docs/15/explicit-locking.html#ADVISORY-LOCKS) named for the schema.
enum PostgresTurn {
    /// Waits for the turn, which ends with the transaction.
    static let take = "SELECT pg_advisory_xact_lock(\(key("write")))"

    static func key(_ use: String) -> String { "hashtextextended('jidoka ' || '\(use)' || ' ' || coalesce(current_schema(), ''), 0)" }
}
