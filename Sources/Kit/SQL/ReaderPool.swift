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
    private let path: String

    init(path: String, count: Int) {
        self.path = path
        idle = Mutex((0..<count).map { _ in Slot() })
        pool = BlockingPool(threads: count)
    }

    func run<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        try await pool.run { [self] in
            guard let slot = idle.withLock({ $0.popLast() }) else { throw JidokaError.internal("no idle reader") }
            defer { idle.withLock { $0.append(slot) } }
            let connection = try slot.connection ?? open()
            slot.connection = connection
            try connection.execute("BEGIN")
            do {
                let value = try body(connection)
                try connection.execute("COMMIT")
                return value
            } catch {
                try connection.execute("ROLLBACK")
                throw error
            }
        }
    }

    private func open() throws -> Connection {
        let connection = try Connection(path: path, readOnly: true)
        try connection.script(
            "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8000; PRAGMA case_sensitive_like=ON; PRAGMA mmap_size=268435456;")
        return connection
    }
}
