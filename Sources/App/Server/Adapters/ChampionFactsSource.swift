import Errors
import Line
import Monitoring
import Registry
import Serving
import Tracking

/// What a monitor must know of the champion: its training data, features and gate.
struct ChampionFactsSource: ChampionSource {
    let serving: ServingService
    let registry: RegistryService
    let gates: GateService
    let tracking: TrackingService
    let line: LineState

    func champion(endpoint: String) async throws -> ChampionFacts? {
        guard let description = serving.descriptions.first(where: { $0.endpoint.name == endpoint }),
            let version = description.endpoint.plan.champion, let number = Int(version),
            let served = description.versions.first(where: { $0.version == version })
        else { return nil }
        let registered = try await registry.version(name: description.endpoint.model, number)
        let report = try await gates.newestReport(name: description.endpoint.model, version: number)
        return ChampionFacts(
            version: version, datasetDigest: try await trainingData(of: registered), featureNames: served.signature.featureNames,
            gateMetrics: report?.metrics ?? [:])
    }

    /// The digest that the pipeline tagged its runs with; of several datasets the one that the gate is judged on.
    private func trainingData(of version: ModelVersion) async throws -> String? {
        guard !version.runID.isEmpty else { return nil }
        let tags = try await tracking.run(id: version.runID).tags
        let name = line.line?.gate?.data ?? line.line?.data.first?.name
        if let name, let tag = tags.first(where: { $0.key == "jidoka.dataset.\(name)" }) { return tag.value }
        return tags.first { $0.key.hasPrefix("jidoka.dataset.") }?.value
    }
}
