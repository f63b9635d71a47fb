import Clockwork
import Errors

/// The right to do what one process of those on a database does alone. It ends with the process, however that ends.
///
/// On PostgreSQL it is an advisory lock that a connection of its own holds; on SQLite the one process that has the file open has it.
package final class LeaderLease: Sendable {
    private final class Seat: @unchecked Sendable {  // touched on the pool's one thread only
        var connection: Connection?
        var isHeld = false
    }
    private let seat = Seat()
    private let pool: BlockingPool?
    private let location: DatabaseLocation

    package init(_ location: DatabaseLocation) {
        self.location = location
        if case .postgres = location { pool = BlockingPool(threads: 1) } else { pool = nil }
    }

    /// Several processes may want it.
    package var isContested: Bool { pool != nil }

    /// Takes the lease, or asks whether it is still held. False when another process has it.
    /// - Throws: `unavailable` when the server cannot be asked; the lease is then lost.
    package func hold() async throws -> Bool {
        guard let pool else { return true }
        return try await pool.run { [seat, location] in
            do {
                let connection = try seat.connection ?? location.opener(true)
                seat.connection = connection
                if seat.isHeld {
                    try connection.execute("SELECT 1")
                } else {
                    let sql = "SELECT CASE WHEN pg_try_advisory_lock(\(PostgresTurn.key("lead"))) THEN 1 ELSE 0 END"
                    seat.isHeld = try connection.first(sql) { $0.bool(0) } ?? false
                }
                return seat.isHeld
            } catch {
                (seat.connection, seat.isHeld) = (nil, false)
                throw error
            }
        }
    }

    /// Gives it back.
    package func release() async throws {
        try await pool?.run { [seat] in (seat.connection, seat.isHeld) = (nil, false) }
    }
}
