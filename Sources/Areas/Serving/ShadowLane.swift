import Clockwork
import Errors
import JSON
import Synchronization
import Telemetry

/// How many shadow requests may be under way. They come after the answers: what does not fit is shed, never queued further.
final class ShadowLane: Sendable {
    static let pendingMax = 256
    private let pending = Atomic<Int>(0)
    private let shed: Counter

    init(metrics: MetricsRegistry) {
        shed = metrics.counter("jidoka_serving_shadow_shed_total", help: "Shadow requests dropped because too many were under way.")
    }

    func enter() -> Bool {
        if pending.wrappingAdd(1, ordering: .relaxed).newValue <= ShadowLane.pendingMax { return true }
        pending.wrappingSubtract(1, ordering: .relaxed)
        shed.add()
        return false
    }

    func leave() { pending.wrappingSubtract(1, ordering: .relaxed) }
}

extension ServingService {
    /// Sends a copy of an answered request to retained versions; their rows are recorded as `ID~VERSION` with the route `shadow`.
    func startShadows(_ shadows: [ServedVersion], _ job: RecordedJob, model: String) {
        for shadow in shadows {
            guard shadowLane.enter() else {
                shadow.release()
                continue
            }
            Task {
                defer {
                    shadow.release()
                    shadowLane.leave()
                }
                var copy = job
                copy.id = "\(job.id)~\(shadow.artifact.version)"
                copy.arrival = time.steadyNanoseconds()
                do {
                    copy.inputs = try shadow.model.signature.arranged(job.inputs.tensors, model: job.endpoint)
                    _ = try await run(copy, on: shadow, route: .shadow, model: model, timeoutMicroseconds: nil)
                } catch {
                    // Counted and recorded by `run`; a shadow whose inputs differ from the champion's shows as refused.
                    if JidokaError.wrapping(error).code == .invalidArgument { shadow.metrics(.shadow).refused.add() }
                    log.debug("shadow failed", [("endpoint", .string(job.endpoint)), ("version", .string(shadow.artifact.version))])
                }
            }
        }
    }
}
