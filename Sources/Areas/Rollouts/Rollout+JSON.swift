import Clockwork
import Errors
package import JSON

/// The document form of a rollout: what stores keep and what the API shows. See docs/format/rollouts.md.
extension Rollout {
    package var json: JSONObject {
        var document: JSONObject = [
            "id": .string(id), "endpoint": .string(endpoint), "model": .string(model), "champion": .string(champion),
            "version": .string(candidate),
            "state": .string(state.rawValue), "pause": JSONValue(pause?.rawValue), "percent": .int(Int64(percent)),
            "step": .int(Int64(step)),
            "plan": plan.json, "actor": .string(actor), "reason": .string(reason), "override": .bool(overridden),
            "started_at": .string(startedAt.rfc3339), "evidence": evidence.json, "verdict": verdict?.json ?? .null,
            "baseline": baseline.json, "split": .bool(isSplit), "revision": .int(revision),
        ]
        document["times"] = [
            "started": .int(startedAt.microseconds), "step": .int(stepStartedAt.microseconds), "traffic": .int(lastTrafficAt.microseconds),
        ]
        document["history"] = .array(history.map(\.json))
        return document
    }

    /// - Throws: `internal` when the document does not have the shape that `json` writes.
    package init(json document: JSONValue) throws {
        func field<T>(_ name: String, _ value: T?) throws -> T {
            guard let value else { throw JidokaError.internal("a stored rollout lacks `\(name)`") }
            return value
        }
        func text(_ name: String) throws -> String { try field(name, document[name]?.stringValue) }
        func time(_ name: String) throws -> Timestamp {
            Timestamp(microseconds: try field("times.\(name)", document["times"]?[name]?.intValue))
        }
        self.init(
            id: try text("id"), endpoint: try text("endpoint"), model: try text("model"), champion: try text("champion"),
            candidate: try text("version"), plan: try RolloutPlan(json: try field("plan", document["plan"])), actor: try text("actor"),
            reason: try text("reason"), overridden: document["override"]?.boolValue ?? false, at: try time("started"))
        state = try field("state", State(rawValue: try text("state")))
        pause = document["pause"]?.stringValue.flatMap(Pause.init(rawValue:))
        step = Int(try field("step", document["step"]?.intValue))
        percent = Int(try field("percent", document["percent"]?.intValue))
        isSplit = try field("split", document["split"]?.boolValue)
        stepStartedAt = try time("step")
        lastTrafficAt = try time("traffic")
        evidence = Evidence(
            champion: ArmEvidence(json: document["evidence"]?["champion"]), candidate: ArmEvidence(json: document["evidence"]?["candidate"])
        )
        baseline = ArmEvidence(json: document["baseline"])
        verdict = document["verdict"].flatMap { Verdict(json: $0) }
        history = try (document["history"]?.arrayValue ?? []).map(Entry.init(json:))
        revision = try field("revision", document["revision"]?.intValue)
    }
}

extension Rollout.Entry {
    fileprivate var json: JSONValue {
        [
            "time": .string(time.rfc3339), "microseconds": .int(time.microseconds), "state": .string(state.rawValue),
            "percent": .int(Int64(percent)),
            "reason": .string(reason),
        ]
    }

    fileprivate init(json: JSONValue) throws {
        guard let microseconds = json["microseconds"]?.intValue,
            let state = json["state"]?.stringValue.flatMap(Rollout.State.init(rawValue:)),
            let percent = json["percent"]?.intValue, let reason = json["reason"]?.stringValue
        else { throw JidokaError.internal("a stored rollout has a broken history") }
        self.init(time: Timestamp(microseconds: microseconds), state: state, percent: Int(percent), reason: reason)
    }
}

extension RolloutPlan {
    package var json: JSONValue {
        [
            "steps": .array(steps.map { .int(Int64($0)) }), "min_labels": .int(Int64(labelsMin)), "margin": .double(margin),
            "alpha": .double(alpha),
            "guard": .array(Guard.allCases.filter(guards.contains).map { .string($0.rawValue) }),
            "bake_requests": .int(Int64(bakeRequests)),
            "patience_seconds": .double(patience.seconds),
        ]
    }

    fileprivate init(json: JSONValue) throws {
        guard let steps = json["steps"]?.arrayValue?.compactMap({ $0.intValue.map(Int.init) }), !steps.isEmpty,
            let labels = json["min_labels"]?.intValue, let margin = json["margin"]?.doubleValue, let alpha = json["alpha"]?.doubleValue,
            let bake = json["bake_requests"]?.intValue, let patience = json["patience_seconds"]?.doubleValue
        else { throw JidokaError.internal("a stored rollout has a broken plan") }
        self.init(
            steps: steps, labelsMin: Int(labels), margin: margin, alpha: alpha,
            guards: Set((json["guard"]?.arrayValue ?? []).compactMap { $0.stringValue.flatMap(Guard.init(rawValue:)) }),
            bakeRequests: Int(bake),
            patience: .microseconds(Int64((patience * 1_000_000).rounded())))
    }
}

extension ArmEvidence {
    fileprivate init(json: JSONValue?) {
        func count(_ name: String) -> Int64 { json?[name]?.intValue ?? 0 }
        self.init(
            requests: count("requests"), errors: count("errors"), slow: count("slow"), labelled: count("labelled"),
            correct: count("correct"))
    }
}
