import Glibc
import Synchronization

/// What SIGINT and SIGTERM do. They are blocked in every thread and taken by the main thread, so that nothing runs inside a handler.
///
/// Unless a command says otherwise they end the program as they always do. A command that registers with `whenAsked` is asked to stop
/// by the first one; the second ends the program at once with 130.
package final class Interruptions: Sendable {
    private enum Phase {
        case untaken
        case taken(@Sendable () -> Void)
        case asked
    }
    private let phase = Mutex(Phase.untaken)

    package init() {}

    /// From now on the first signal calls `stop` on the main thread.
    package func whenAsked(_ stop: @escaping @Sendable () -> Void) { phase.withLock { $0 = .taken(stop) } }

    /// Whether a stop was asked for.
    package var isAsked: Bool { phase.withLock { if case .asked = $0 { true } else { false } } }

    /// Called before any thread is started: threads inherit the mask.
    package static func block() {
        var signals = Interruptions.signals
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// Takes signals for ever, on the main thread.
    package func watch() -> Never {
        var signals = Interruptions.signals
        while true {
            var number: Int32 = 0
            if sigwait(&signals, &number) == 0 { take(number) }
        }
    }

    func take(_ number: Int32) {
        let before: Phase = phase.withLock { phase in
            defer { if case .taken = phase { phase = .asked } }
            return phase
        }
        switch before {
        case .untaken: end(by: number)
        case .taken(let stop): stop()
        case .asked: _exit(130)
        }
    }

    /// Lets the signal do what it does to a program that never heard of it, so that shells see the true cause.
    private func end(by number: Int32) {
        signal(number, SIG_DFL)
        var signals = Interruptions.signals
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        raise(number)
    }

    private static var signals: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        return signals
    }
}
