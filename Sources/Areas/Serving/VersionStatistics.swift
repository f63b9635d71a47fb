import Clockwork
import Synchronization

/// Requests of one version of an endpoint over some time: what rollouts judge by. The caller's own mistakes do not count.
package struct VersionStatistics: Sendable, Hashable {
    package var requests: UInt64 = 0
    /// Requests that failed through our or the model's fault.
    package var errors: UInt64 = 0
    /// Of answered requests, from arrival to answer.
    package var latency = LatencyHistogram()

    package init() {}

    package func since(_ earlier: VersionStatistics) -> VersionStatistics {
        var difference = self
        difference.requests -= earlier.requests
        difference.errors -= earlier.errors
        difference.latency = latency.since(earlier.latency)
        return difference
    }
}

/// Counts from which "since then" can be asked for any moment since the version was loaded.
///
/// It keeps checkpoints of the running totals, one a tenth of a second at first; when 512 are kept, every other one is dropped and the
/// spacing doubles. `since` therefore leaves out at most one spacing of what followed the asked moment, and never counts what came
/// before it.
final class StatisticsRecorder: Sendable {
    private struct Checkpoint {
        var time: Timestamp
        var totals: VersionStatistics
    }
    private struct State {
        var totals = VersionStatistics()
        var checkpoints: [Checkpoint] = []
        var spacing: Int64 = 100_000
    }
    private let state = Mutex(State())
    private static let checkpointsMax = 512

    /// `latencyMicroseconds` is nil for a failed request.
    func record(latencyMicroseconds: Int64?, at now: Timestamp) {
        state.withLock { state in
            if now.microseconds - (state.checkpoints.last?.time.microseconds ?? .min / 2) >= state.spacing {
                state.checkpoints.append(Checkpoint(time: now, totals: state.totals))
                if state.checkpoints.count == StatisticsRecorder.checkpointsMax {
                    state.checkpoints = state.checkpoints.enumerated().compactMap { $0.offset % 2 == 0 ? $0.element : nil }
                    state.spacing *= 2
                }
            }
            state.totals.requests += 1
            if let latencyMicroseconds { state.totals.latency.observe(microseconds: latencyMicroseconds) } else { state.totals.errors += 1 }
        }
    }

    var totals: VersionStatistics { state.withLock { $0.totals } }

    func since(_ moment: Timestamp) -> VersionStatistics {
        state.withLock { state in
            guard let first = state.checkpoints.firstIndex(where: { $0.time >= moment }) else { return VersionStatistics() }
            return state.totals.since(state.checkpoints[first].totals)
        }
    }
}
