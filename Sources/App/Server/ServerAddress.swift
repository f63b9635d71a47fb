import Clockwork
import Synchronization

/// Where this server answers; known once its socket is bound. Steps of a pipeline wait for it by starting after it is set.
final class ServerAddress: Service {
    let name = "address"
    private let bound = Mutex("")

    var url: String { bound.withLock { $0 } }
    func set(_ url: String) { bound.withLock { $0 = url } }

    func run() async throws {}
}
