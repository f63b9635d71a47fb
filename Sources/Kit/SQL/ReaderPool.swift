import Clockwork
import Errors
import Synchronization

/// Reading connections, opened when first needed; each serves one body at a time.
final class ReaderPool: Sendable {
    private final class Slot: @unchecked Sendable {  // held by one thread at a time: it is out of `idle` while in use
        var connection: Connection?
    }
    private let idle: Mutex<[Slot]>
    private let pool: BlockingPool
    private let open: @Sendable () throws -> Connection

    init(count: Int, open: @escaping @Sendable () throws -> Connection) {
        self.open = open
        idle = Mutex((0..<count).map { _ in Slot() })
        pool = BlockingPool(threads: count)
    }

    func run<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        try await pool.run { [self] in
            guard let slot = idle.withLock({ $0.popLast() }) else { throw JidokaError.internal("no idle reader") }
            defer { idle.withLock { $0.append(slot) } }
            let connection = try begun(slot)
            do {
                let value = try body(connection)
                try connection.engine.commit()
                return value
            } catch {
                if !connection.engine.isLost { try connection.engine.rollBack() }
                throw error
            }
        }
    }

    /// A connection with a transaction. One that broke while it was idle is replaced; the caller notices nothing.
    private func begun(_ slot: Slot) throws -> Connection {
        if let connection = slot.connection {
            do {
                try connection.engine.begin(writing: false)
                return connection
            } catch  where connection.engine.isLost { slot.connection = nil }
        }
        let connection = try open()
        slot.connection = connection
        try connection.engine.begin(writing: false)
        return connection
    }
}
