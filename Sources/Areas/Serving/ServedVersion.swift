import Clockwork
import Synchronization
import Telemetry

/// A model version in memory as one endpoint serves it, with a count of the requests that use it.
///
/// `retain` is called under the lock of the table that still names the version; once the table names it no more, `retire` waits for the
/// count to reach zero and unloads. So no request ever meets a model that is gone.
final class ServedVersion: Sendable {
    let artifact: ModelArtifact
    let model: any LoadedModel
    let batched: BatchedModel
    let features: FeatureReader
    let predictions: PredictionReader
    let statistics = StatisticsRecorder()
    let loadedAt: Timestamp
    private let metrics: [ServingMetrics]
    private struct Use {
        var count = 0
        var whenUnused: CheckedContinuation<Void, Never>?
    }
    private let use = Mutex(Use())

    init(
        _ artifact: ModelArtifact, model: any LoadedModel, endpoint: String, policy: BatchPolicy, metrics registry: MetricsRegistry,
        time: any TimeSource
    ) {
        self.artifact = artifact
        self.model = model
        batched = BatchedModel(model, policy: policy, time: time)
        features = FeatureReader(model.signature)
        predictions = PredictionReader(model.signature)
        loadedAt = time.now()
        metrics = Route.allCases.map { ServingMetrics(registry, endpoint: endpoint, version: artifact.version, route: $0) }
    }

    func metrics(_ route: Route) -> ServingMetrics {
        switch route {
        case .champion: metrics[0]
        case .challenger: metrics[1]
        case .shadow: metrics[2]
        case .version: metrics[3]
        }
    }

    var inUse: Int { use.withLock { $0.count } }

    func retain() { use.withLock { $0.count += 1 } }

    func release() {
        let waiting: CheckedContinuation<Void, Never>? = use.withLock { use in
            use.count -= 1
            guard use.count == 0 else { return nil }
            defer { use.whenUnused = nil }
            return use.whenUnused
        }
        waiting?.resume()
    }

    /// Waits until no request uses the version, then unloads it. Called once.
    func retire() async {
        await withCheckedContinuation { continuation in
            let unused = use.withLock { use in
                if use.count > 0 { use.whenUnused = continuation }
                return use.count == 0
            }
            if unused { continuation.resume() }
        }
        await model.unload()
    }
}
