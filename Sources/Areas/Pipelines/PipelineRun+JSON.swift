import Clockwork
import Errors
package import JSON

/// The document form of a run: what stores keep and what the API shows.
extension PipelineRun {
    package var json: JSONObject {
        [
            "id": .string(id), "request": JSONValue(request), "status": .string(status.rawValue), "reason": .string(reason),
            "actor": .string(actor),
            "trigger": .string(trigger), "params": strings(params), "data": strings(data), "definition": definition.json,
            "steps": .array(steps.map(\.json)), "created_at": .string(createdAt.rfc3339), "created_us": .int(createdAt.microseconds),
            "ended_at": JSONValue(endedAt?.rfc3339), "ended_us": JSONValue(endedAt?.microseconds), "model_version": JSONValue(modelVersion),
            "gate": gate.map(JSONValue.object) ?? .null, "refused": .bool(refused), "error": JSONValue(error), "revision": .int(revision),
        ]
    }

    /// - Throws: `internal` when the document does not have the shape that `json` writes.
    package init(json document: JSONValue) throws {
        func field<T>(_ name: String, _ value: T?) throws -> T {
            guard let value else { throw JidokaError.internal("a stored pipeline run lacks `\(name)`") }
            return value
        }
        func text(_ name: String) throws -> String { try field(name, document[name]?.stringValue) }
        self.init(
            id: try text("id"), request: document["request"]?.stringValue, reason: try text("reason"), actor: try text("actor"),
            trigger: try text("trigger"), params: map(document["params"]), data: map(document["data"]),
            definition: try PipelineDefinition(json: try field("definition", document["definition"])),
            at: Timestamp(microseconds: try field("created_us", document["created_us"]?.intValue)))
        status = try field("status", Status(rawValue: try text("status")))
        steps = try field("steps", document["steps"]?.arrayValue).map(StepRun.init(json:))
        endedAt = document["ended_us"]?.intValue.map(Timestamp.init(microseconds:))
        modelVersion = document["model_version"]?.stringValue
        gate = document["gate"]?.objectValue
        refused = document["refused"]?.boolValue ?? false
        error = document["error"]?.stringValue
        revision = try field("revision", document["revision"]?.intValue)
    }
}

private func strings(_ map: [String: String]) -> JSONValue {
    .object(JSONObject(map.sorted { $0.key < $1.key }.map { (key: $0.key, value: .string($0.value)) }))
}

private func map(_ value: JSONValue?) -> [String: String] {
    var map: [String: String] = [:]
    for (name, item) in value?.objectValue ?? [:] { map[name] = item.stringValue }
    return map
}

extension PipelineDefinition {
    package var json: JSONValue {
        [
            "params": strings(params),
            "steps": .array(
                steps.map { step in
                    [
                        "name": .string(step.name), "run": .string(step.run), "needs": .array(step.needs.map(JSONValue.string)),
                        "inputs": .array(step.inputs.map(JSONValue.string)), "cache": .bool(step.cache),
                        "retries": .int(Int64(step.retries)),
                        "timeout_seconds": .double(step.timeout.seconds),
                    ]
                }),
        ]
    }

    fileprivate init(json: JSONValue) throws {
        let steps = try (json["steps"]?.arrayValue ?? []).map { step in
            guard let name = step["name"]?.stringValue, let run = step["run"]?.stringValue else {
                throw JidokaError.internal("a stored pipeline run has a broken step")
            }
            return StepDefinition(
                name: name, run: run, needs: (step["needs"]?.arrayValue ?? []).compactMap(\.stringValue),
                inputs: (step["inputs"]?.arrayValue ?? []).compactMap(\.stringValue), cache: step["cache"]?.boolValue ?? false,
                retries: Int(step["retries"]?.intValue ?? 0),
                timeout: .microseconds(Int64((step["timeout_seconds"]?.doubleValue ?? 3_600) * 1_000_000)))
        }
        try self.init(steps: steps, params: map(json["params"]))
    }
}

extension StepRun {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "status": .string(status.rawValue), "attempt": .int(Int64(attempt)),
            "exit_status": JSONValue(exitStatus),
            "started_at": JSONValue(startedAt?.rfc3339), "started_us": JSONValue(startedAt?.microseconds),
            "ended_at": JSONValue(endedAt?.rfc3339),
            "ended_us": JSONValue(endedAt?.microseconds), "message": JSONValue(message), "cached_from": JSONValue(cachedFrom),
        ]
    }

    fileprivate init(json: JSONValue) throws {
        guard let name = json["name"]?.stringValue, let status = json["status"]?.stringValue.flatMap(Status.init(rawValue:)) else {
            throw JidokaError.internal("a stored pipeline run has a broken step")
        }
        self.init(name: name)
        self.status = status
        attempt = Int(json["attempt"]?.intValue ?? 0)
        exitStatus = json["exit_status"]?.intValue.map(Int.init)
        startedAt = json["started_us"]?.intValue.map(Timestamp.init(microseconds:))
        endedAt = json["ended_us"]?.intValue.map(Timestamp.init(microseconds:))
        message = json["message"]?.stringValue
        cachedFrom = json["cached_from"]?.stringValue
    }
}
