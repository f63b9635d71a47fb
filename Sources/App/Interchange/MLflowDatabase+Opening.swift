import Clockwork
import Errors
import SQL

extension MLflowDatabase {
    /// A tracking database in PostgreSQL, by its address; nil when it is no such address.
    /// - Parameter folder: where relative paths start.
    /// - Throws: `invalid_argument` when the database is none of MLflow; no message holds the password.
    package static func atAddress(_ address: String, artifactFolder: String?, folder: String) async throws -> MLflowDatabase? {
        guard ["postgresql:", "postgresql+", "postgres:"].contains(where: address.hasPrefix) else { return nil }
        let location = try DatabaseLocation(address, folder: folder)
        guard case .postgres(let url) = location else { return nil }
        let tables = PostgresTables(url: url, pool: BlockingPool(threads: 1))
        for table in ["experiments", "runs", "latest_metrics", "registered_models"] {
            guard try await tables.has(table) else {
                throw JidokaError.invalidArgument(
                    "\(location.shown) is no database of MLflow: it has no table `\(table)`",
                    hint: "check the name of the database, and the user's search_path")
            }
        }
        return MLflowDatabase(tables, title: "MLflow database \(location.shown)", artifactFolder: artifactFolder)
    }
}
