import Glibc
import Synchronization

/// One open connection: its deadline, and the request that it carries at the moment.
final class ClientConnection: Sendable {
    private struct State {
        /// Steady nanoseconds; 0 is none.
        var deadline: UInt64 = 0
        var exchange: Exchange?
        var closed = false
    }
    let descriptor: Int32
    let address: String
    private let state: Mutex<State>

    init(descriptor: Int32, deadline: UInt64) {
        self.descriptor = descriptor
        address = peerAddress(descriptor)
        state = Mutex(State(deadline: deadline))
    }

    var isLoopback: Bool { address.hasPrefix("127.") || address == "::1" || address.hasPrefix("::ffff:127.") }
    var exchange: Exchange? { state.withLock { $0.exchange } }

    func set(deadline: UInt64) { state.withLock { $0.deadline = deadline } }

    func begin(_ exchange: Exchange, deadline: UInt64) {
        state.withLock {
            $0.exchange = exchange
            $0.deadline = deadline
        }
    }

    func end(deadline: UInt64) {
        let over = state.withLock { state in
            state.deadline = deadline
            return state.exchange.take()
        }
        _ = over  // released outside the lock
    }

    /// Before the daemon closes the descriptor: after this nobody shuts down a number that may belong to another by then.
    func close() { state.withLock { $0.closed = true } }

    /// The daemon sees the end of the connection and cleans up.
    func cutIfLate(now: UInt64) {
        state.withLock { state in
            guard state.deadline != 0, now > state.deadline, !state.closed else { return }
            state.deadline = 0
            shutdown(descriptor, Int32(SHUT_RDWR))
        }
    }
}
