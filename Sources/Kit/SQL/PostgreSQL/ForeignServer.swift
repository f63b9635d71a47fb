/// A PostgreSQL database that another program owns: one connection, and only transactions that read.
package final class ForeignServer: Sendable {
    private let readers: ReaderPool

    /// - Parameter url: a libpq connection URI; a password comes from it or from `PGPASSWORD`. It is opened at the first look.
    package init(url: String) { readers = ReaderPool(count: 1) { Connection(try PostgresConnection(url)) } }

    /// Runs `body` on one consistent snapshot. - Throws: `unavailable`, `permission_denied`, or what `body` throws.
    package func read<T: Sendable>(_ body: @escaping @Sendable (ForeignFile.Rows) throws -> T) async throws -> T {
        try await readers.run { connection in try body { try connection.map($0, $1) { $0.values } } }
    }
}
