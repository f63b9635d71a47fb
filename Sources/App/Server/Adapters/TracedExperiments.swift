import Errors
import Tracing
import Tracking

/// Traces belong to tracking's experiments and runs.
struct TracedExperiments: TracePlaces {
    let tracking: TrackingService

    func artifactLocation(ofExperiment id: String) async throws -> String {
        let experiment = try await tracking.experiment(id: id)
        guard experiment.lifecycle == .active else { throw TrackingErrors.experimentNotActive(id, experiment.lifecycle) }
        return experiment.artifactLocation
    }

    func requireRun(_ id: String) async throws { _ = try await tracking.runInfo(id: id) }
}
