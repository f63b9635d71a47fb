import Serving
package import Telemetry

extension OpenInference {
    /// Triton's metrics by their names (triton-inference-server, docs/user_guide/metrics.md), for dashboards that know them. Counts are
    /// those of the statistics extension: they begin anew when a version is loaded.
    package var metrics: [MetricsRegistry.Reading] {
        let models = serving.descriptions.flatMap(\.versions)
        func reading(
            _ name: String, _ help: String, kind: MetricsRegistry.Reading.Kind = .counter, _ value: (ServedModelDescription) -> UInt64
        ) -> MetricsRegistry.Reading {
            MetricsRegistry.Reading(
                "nv_inference_" + name, kind, help: help,
                samples: models.map { (labels: [("model", $0.endpoint), ("version", $0.version)], value: Double(value($0))) })
        }
        func microseconds(_ phase: String, _ value: @escaping (InferenceCounts) -> UInt64) -> MetricsRegistry.Reading {
            reading(phase + "_duration_us", "Cumulative \(phase.replacing("_", with: " ")) time in microseconds.") {
                value($0.counts) / 1_000
            }
        }
        return [
            reading("request_success", "Requests answered.") { $0.counts.successes.count }, failures(models),
            reading("count", "Rows answered.") { $0.counts.rows }, reading("exec_count", "Runs of the model.") { $0.counts.runs },
            microseconds("request") { $0.successes.nanoseconds }, microseconds("queue") { $0.queue.nanoseconds },
            // Making and reading tensors is part of the run here.
            microseconds("compute_input") { _ in 0 }, microseconds("compute_infer") { $0.compute.nanoseconds },
            microseconds("compute_output") { _ in 0 },
            reading("pending_request_count", "Requests that wait for a run.", kind: .gauge) { UInt64($0.waiting) },
        ]
    }

    private func failures(_ models: [ServedModelDescription]) -> MetricsRegistry.Reading {
        let samples = models.flatMap { model in
            let counts = model.counts
            let reasons = [
                ("REJECTED", counts.rejections), ("CANCELED", counts.cancellations),
                ("BACKEND", counts.failures.count - min(counts.failures.count, counts.rejections)), ("OTHER", 0),
            ]
            return reasons.map { reason, count in
                (labels: [("model", model.endpoint), ("version", model.version), ("reason", reason)], value: Double(count))
            }
        }
        return MetricsRegistry.Reading("nv_inference_request_failure", .counter, help: "Requests that failed, by reason.", samples: samples)
    }
}
