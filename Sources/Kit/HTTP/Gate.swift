import CMicrohttpd
import Synchronization

/// The one place where a connection is suspended and resumed, so that it is resumed exactly when it is suspended.
///
/// The event-loop thread suspends unless what it waits for has come meanwhile; any other thread first makes that come and then wakes.
/// Either the suspender sees the news under the lock, or the waker finds the connection suspended: no wake-up is lost. A suspended
/// connection is never closed by the daemon, so that the handle is good while `suspended` is true.
final class Gate: @unchecked Sendable {  // the handle is used by the event-loop thread, or under the lock while suspended
    private struct State {
        var suspended = false
        /// The request is over, or the server stops: nothing is suspended any more.
        var closed = false
    }
    private let connection: OpaquePointer
    private let state = Mutex(State())

    init(_ connection: OpaquePointer) { self.connection = connection }

    /// Event-loop thread only. False when there is nothing to wait for.
    func suspend(unless ready: () -> Bool) -> Bool {
        state.withLock { state in
            if state.closed || ready() { return false }
            state.suspended = true
            MHD_suspend_connection(connection)
            return true
        }
    }

    /// Called after the news is stored, and never with a lock held that `ready` takes.
    func wake() {
        state.withLock { state in
            guard state.suspended else { return }
            state.suspended = false
            MHD_resume_connection(connection)
        }
    }

    /// Wakes for the last time.
    func close() {
        state.withLock { state in
            state.closed = true
            guard state.suspended else { return }
            state.suspended = false
            MHD_resume_connection(connection)
        }
    }

    var isClosed: Bool { state.withLock { $0.closed } }
    var isSuspended: Bool { state.withLock { $0.suspended } }
}
