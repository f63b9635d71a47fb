import Dispatch
internal import Glibc

/// The clock of the program. Nothing else asks the system for the time or sleeps, so that a simulation can.
package protocol TimeSource: Sendable {
    /// Wall-clock time.
    func now() -> Timestamp
    /// A steady clock for measuring durations, in nanoseconds; its zero means nothing.
    func steadyNanoseconds() -> UInt64
    /// Returns once `duration` has passed; throws `CancellationError` when the task is cancelled first.
    func sleep(for duration: Duration) async throws
}

/// The clock of the machine.
package struct SystemTime: TimeSource {
    package init() {}

    package func now() -> Timestamp {
        var t = timespec()
        clock_gettime(CLOCK_REALTIME, &t)
        return Timestamp(microseconds: Int64(t.tv_sec) * 1_000_000 + Int64(t.tv_nsec) / 1_000)
    }

    package func steadyNanoseconds() -> UInt64 { DispatchTime.now().uptimeNanoseconds }

    package func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}
