import Evaluation
import Tracking

/// Evaluation datasets and scorers belong to tracking's experiments.
struct EvaluatedExperiments: EvaluationPlaces {
    let tracking: TrackingService

    func requireExperiment(_ id: String) async throws {
        _ = try await TracedExperiments(tracking: tracking).artifactLocation(ofExperiment: id)
    }
}
