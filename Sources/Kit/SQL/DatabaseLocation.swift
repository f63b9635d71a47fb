package import Errors

/// Where a database is: a file, or a PostgreSQL server.
package enum DatabaseLocation: Sendable, Hashable {
    case sqlite(path: String)
    /// A libpq connection URI: `postgresql://user:password@host:port/database?...`.
    case postgres(url: String)

    /// Reads `sqlite:///relative/path`, `sqlite:////absolute/path` and `postgresql://user@host:port/database`, as SQLAlchemy writes them; a
    /// driver (`postgresql+psycopg2`) is passed over.
    ///
    /// - Parameter folder: where relative paths start.
    /// - Throws: `invalid_argument`; its message never holds a password.
    package init(_ url: String, folder: String) throws(JidokaError) {
        let hint = "write sqlite:///PATH or postgresql://USER@HOST:PORT/DATABASE"
        guard let colon = url.firstRange(of: "://") else {
            throw JidokaError.invalidArgument("the address of a database has the form SCHEME://...", hint: hint)
        }
        let rest = String(url[colon.upperBound...])
        switch url[..<colon.lowerBound].split(separator: "+").first {
        case "sqlite":
            guard rest.hasPrefix("/"), rest.count > 1 else {
                throw JidokaError.invalidArgument(
                    "`\(url)` names no file", hint: "write sqlite:///relative/path or sqlite:////absolute/path")
            }
            let path = String(rest.dropFirst())
            self = .sqlite(path: path.hasPrefix("/") ? path : "\(folder)/\(path)")
        case "postgresql", "postgres": self = .postgres(url: "postgresql://\(rest)")
        default:
            throw JidokaError.invalidArgument("no database is known for `\(url[..<colon.lowerBound])`", hint: hint)
        }
    }

    /// The address without password and settings: safe to show and to log.
    package var shown: String {
        switch self {
        case .sqlite(let path): return "sqlite:///\(path)"
        case .postgres(let url):
            var rest = url.dropFirst("postgresql://".count).prefix { $0 != "?" }
            var user = ""
            if let at = rest.lastIndex(of: "@") {
                user = rest[..<at].prefix { $0 != ":" } + "@"
                rest = rest[rest.index(after: at)...]
            }
            return "postgresql://\(user)\(rest)"
        }
    }
}
