import Errors
import SQL

/// Which engine keeps what: chosen by the scheme of an address.
enum Backends {
    /// The database of a server: what `--backend-store` says, else the home's file.
    static func database(_ settings: ServerSettings) throws -> DatabaseLocation {
        guard let url = settings.backendStore, !url.isEmpty else { return .sqlite(path: settings.home + "/jidoka.db") }
        return try DatabaseLocation(url, folder: settings.project)
    }
}
