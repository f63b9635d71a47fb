import Serving
import Synchronization

/// What counts as slow on an endpoint: the champion's p99 when its first rollout under this server began, at least a millisecond.
///
/// The limit must be fixed before the comparison: it is taken once a champion and kept.
final class SlowLimits: Sendable {
    private struct Key: Hashable {
        var endpoint: String
        var champion: String
    }
    private let limits = Mutex<[Key: Double]>([:])
    private static let leastMicroseconds = 1_000.0

    /// Microseconds. A champion that has answered nothing yet has the least limit. - Throws: `not_found` for an unknown endpoint.
    func limit(endpoint: String, champion: String, serving: ServingService) throws -> Double {
        let key = Key(endpoint: endpoint, champion: champion)
        if let known = limits.withLock({ $0[key] }) { return known }
        let p99 = try serving.statistics(of: endpoint)[champion]?.latency.quantile(0.99)
        let limit = max(SlowLimits.leastMicroseconds, p99 ?? 0)
        if p99 != nil { limits.withLock { $0[key] = limit } }
        return limit
    }
}
