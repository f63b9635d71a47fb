package import Clockwork
import Errors

/// The HTTP client. Each request holds one thread of the pool until it is over; connections are kept and used again.
package struct OutboundClient: Sendable {
    private let pool: BlockingPool
    private let handles = HandleShelf()

    package init(pool: BlockingPool) { self.pool = pool }

    /// Sends and waits for the whole answer. Any status is an answer; only the lack of one throws.
    /// - Throws: `unavailable` when no answer came (nothing listens, name unknown, time over, connection broken), `exhausted` when the
    ///   answer is too long, `invalid_argument` for a request that cannot be sent, `CancellationError`.
    package func send(_ request: OutboundRequest) async throws -> OutboundResponse {
        let stop = StopFlag()
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await pool.run { [handles] in
                let handle = try handles.take()
                defer { handles.give(back: handle) }
                return try Transfer(request, stop: stop).perform(on: handle)
            }
        } onCancel: {
            stop.raise()
        }
    }
}
