import CMicrohttpd
import Glibc
import Synchronization

/// All open connections, and the thread that watches over them: it cuts those that are late with a request and tells those that wait
/// for a handler when their client has left, which the daemon cannot see while a connection is suspended.
final class ClientTable: Sendable {
    private struct State {
        var clients: [ObjectIdentifier: ClientConnection] = [:]
        var stopped = false
    }
    private let state = Mutex(State())
    private let bell: Int32
    private let now: @Sendable () -> UInt64
    private static let periodMilliseconds: Int32 = 100

    init(now: @escaping @Sendable () -> UInt64) {
        self.now = now
        bell = jidoka_eventfd()
        precondition(bell >= 0, "eventfd failed")
    }

    deinit { Glibc.close(bell) }

    var count: Int { state.withLock { $0.clients.count } }
    var all: [ClientConnection] { state.withLock { Array($0.clients.values) } }

    func add(_ client: ClientConnection) {
        let first = state.withLock { state in
            state.clients[ObjectIdentifier(client)] = client
            return state.clients.count == 1
        }
        if first { ring() }
    }

    func remove(_ client: ClientConnection) {
        client.close()
        _ = state.withLock { $0.clients.removeValue(forKey: ObjectIdentifier(client)) }
    }

    func stop() {
        state.withLock { $0.stopped = true }
        ring()
    }

    private func ring() {
        var one: UInt64 = 1
        _ = Glibc.write(bell, &one, 8)
    }

    /// Runs on a thread of its own until `stop`; sleeps without waking while no connection is open.
    @Sendable func watch() {
        while true {
            let (clients, stopped) = state.withLock { (Array($0.clients.values), $0.stopped) }
            if stopped { return }
            var wait = pollfd(fd: bell, events: Int16(POLLIN), revents: 0)
            if poll(&wait, 1, clients.isEmpty ? -1 : ClientTable.periodMilliseconds) > 0 {
                var drained: UInt64 = 0
                _ = Glibc.read(bell, &drained, 8)
            }
            look(at: clients)
        }
    }

    private func look(at clients: [ClientConnection]) {
        let moment = now()
        var waiting: [Exchange] = []
        var descriptors: [pollfd] = []
        for client in clients {
            client.cutIfLate(now: moment)
            guard let exchange = client.exchange, exchange.gate.isSuspended else { continue }
            waiting.append(exchange)
            descriptors.append(pollfd(fd: client.descriptor, events: Int16(jidoka_peer_closed), revents: 0))
        }
        guard !waiting.isEmpty, poll(&descriptors, nfds_t(descriptors.count), 0) > 0 else { return }
        // An exchange that ended meanwhile (so that the number may name another connection) takes no notice.
        for (exchange, found) in zip(waiting, descriptors) where found.revents != 0 { exchange.clientLeft() }
    }
}
