import Clockwork
import ColumnStores
import Datasets
import Errors
import JSON
import JidokaAPI
import Lineage
import Monitoring
import Registry
import Serving
import Tracking

/// Where the links of a trace lie.
struct LineageJoin: LineageSource {
    let log: PredictionLog
    let registry: RegistryService
    let tracking: TrackingService
    let datasets: DatasetService

    func prediction(_ id: String) async throws -> Trace.Prediction? {
        guard let found = try await log.prediction(id: id) else { return nil }
        return Trace.Prediction(
            id: id, time: found.record.time, endpoint: found.record.endpoint, route: found.record.route.rawValue, model: found.record.model,
            version: found.record.version, details: found.json)
    }

    func modelVersion(name: String, version: String) async throws -> Trace.ModelVersion? {
        guard let number = Int(version), let found = try await known({ try await registry.version(name: name, number) }) else { return nil }
        return Trace.ModelVersion(
            name: name, version: version, digest: found.verification?.digest, identity: found.verification?.identity,
            runID: found.runID.isEmpty ? nil : found.runID,
            modelID: found.modelID.isEmpty ? nil : found.modelID, createdAt: found.createdAt)
    }

    func run(_ id: String) async throws -> Trace.Run? {
        guard let run = try await known({ try await tracking.run(id: id) }) else { return nil }
        var tags: [String: String] = [:]
        for tag in run.tags { tags[tag.key] = tag.value }
        return Trace.Run(id: id, name: run.info.name, experiment: run.info.experimentID, status: run.info.status.rawValue, tags: tags)
    }

    func dataset(name: String, digest: String) async throws -> Trace.DatasetVersion? {
        guard let version = try await known({ try await datasets.version(dataset: name, version: digest) }) else { return nil }
        return Trace.DatasetVersion(name: name, digest: version.digest, rows: version.rows, source: version.source)
    }

    /// nil in place of `not_found`.
    private func known<T>(_ find: () async throws -> T) async throws -> T? {
        do { return try await find() } catch let error as JidokaError where error.code == .notFound { return nil }
    }
}

/// The prediction log as the API shows it.
struct LoggedPredictions: PredictionAccess {
    let log: PredictionLog
    let time: any TimeSource

    func prediction(_ id: String) async throws -> JSONObject? { try await log.prediction(id: id)?.json }
    func recent(endpoint: String, limit: Int) async throws -> [JSONObject] {
        try await log.recent(endpoint: endpoint, limit: limit).map(\.json)
    }

    func add(_ labels: [Label]) async throws -> (accepted: Int, repeated: Int, unknown: Int) {
        let receipt = try await log.take(labels, at: time.now())
        return (receipt.accepted, receipt.repeated, receipt.unknown)
    }
}

extension LoggedPrediction {
    var json: JSONObject {
        let features = zip(record.featureNames, record.features).map { (key: $0, value: $1.json) }
        var object: JSONObject = [
            "id": .string(record.id), "endpoint": .string(record.endpoint), "route": .string(record.route.rawValue),
            "model": .string(record.model),
            "version": .string(record.version), "unit": .string(record.unit), "time": .string(record.time.rfc3339),
            "latency_us": .int(record.latencyMicroseconds), "features": .object(JSONObject(features)), "prediction": record.prediction.json,
            "score": JSONValue(record.score), "error": JSONValue(record.error),
        ]
        switch label?.value {
        case .number(let value): object["label"] = FeatureValue.number(value).json
        case .text(let text): object["label"] = .string(text)
        case nil: object["label"] = .null
        }
        object["labelled_at"] = JSONValue(labelArrival?.rfc3339)
        return object
    }
}

extension FeatureValue {
    var json: JSONValue {
        switch self {
        case .missing: .null
        case .number(let value): Int64(exactly: value).map(JSONValue.int) ?? .double(value)
        case .text(let text): .string(text)
        }
    }
}
