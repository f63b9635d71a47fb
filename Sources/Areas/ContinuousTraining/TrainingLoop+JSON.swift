import Clockwork
import Errors
package import JSON

/// The document form of a loop: what stores keep and what the API shows.
extension TrainingLoop {
    package var json: JSONObject {
        [
            "endpoint": .string(endpoint), "phase": phase.json, "reason": .string(reason),
            "starts": .array(starts.map { .int($0.microseconds) }), "held": .bool(held), "cursor": .int(cursor), "revision": .int(revision),
        ]
    }

    /// - Throws: `internal` when the document does not have the shape that `json` writes.
    package init(json document: JSONValue) throws {
        guard let endpoint = document["endpoint"]?.stringValue, let cursor = document["cursor"]?.intValue,
            let revision = document["revision"]?.intValue, let phase = document["phase"].flatMap(Phase.init(json:)),
            let held = document["held"]?.boolValue, let starts = document["starts"]?.arrayValue
        else { throw JidokaError.internal("a stored training loop is broken") }
        self.init(endpoint: endpoint, cursor: cursor)
        self.phase = phase
        self.revision = revision
        reason = document["reason"]?.stringValue ?? ""
        self.held = held
        self.starts = starts.compactMap { $0.intValue.map(Timestamp.init(microseconds:)) }
    }
}

extension TrainingLoop.Phase {
    fileprivate var json: JSONValue {
        switch self {
        case .watching: ["name": "watching"]
        case .requested(let request): ["name": "requested", "request": .string(request)]
        case .training(let request, let run): ["name": "training", "request": .string(request), "pipeline_run": .string(run)]
        case .produced(let request, let version): ["name": "produced", "request": .string(request), "version": .string(version)]
        case .rollingOut(let request, let version, let rollout):
            ["name": "rolling_out", "request": .string(request), "version": .string(version), "rollout": .string(rollout)]
        }
    }

    fileprivate init?(json: JSONValue) {
        let request = json["request"]?.stringValue ?? ""
        let version = json["version"]?.stringValue ?? ""
        switch json["name"]?.stringValue {
        case "watching": self = .watching
        case "requested": self = .requested(request: request)
        case "training": self = .training(request: request, run: json["pipeline_run"]?.stringValue ?? "")
        case "produced": self = .produced(request: request, version: version)
        case "rolling_out": self = .rollingOut(request: request, version: version, rollout: json["rollout"]?.stringValue ?? "")
        default: return nil
        }
    }
}
