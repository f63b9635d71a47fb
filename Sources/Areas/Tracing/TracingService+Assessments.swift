import Clockwork
import Errors
import Events
import JSON

extension TracingService {
    /// Gives it an id and keeps it.
    package func assess(_ assessment: Assessment, actor: String) async throws -> Assessment {
        let kept = try prepared(assessment, traceID: assessment.traceID)
        try await assessments.create(kept, event: event("logged", kept, actor: actor))
        return kept
    }

    package func assessment(id: String, traceID: String) async throws -> Assessment {
        try await assessments.assessment(id: id, traceID: traceID)
    }

    /// - Throws: `invalid_argument` when feedback would become an expectation or the other way round.
    package func update(assessment id: String, traceID: String, _ change: AssessmentChange, actor: String) async throws -> Assessment {
        let now = time.now().milliseconds
        if let value = change.value?.value { try TracingService.check(value) }
        if let name = change.name { try TracingLimits.check(name, "assessment name", atMost: TracingLimits.keyMax) }
        let event = EventDraft(
            kind: "assessment.updated", subject: EventSubject("trace", traceID), actor: actor, reason: "",
            payload: ["assessment": .string(id)], time: time.now())
        return try await assessments.update(id: id, traceID: traceID, event: event) { old in
            var new = old
            if let value = change.value {
                guard value.kind == old.kind else {
                    throw JidokaError.invalidArgument(
                        old.kind == .feedback
                            ? "Cannot update expectation value on a Feedback assessment."
                            : "Cannot update feedback value on an Expectation assessment.")
                }
                (new.value, new.error) = (value.value, value.error)
            }
            if let name = change.name { new.name = name }
            if let rationale = change.rationale { new.rationale = rationale }
            if let metadata = change.metadata { new.metadata.merge(metadata) { $1 } }
            if let valid = change.isValid { new.isValid = valid }
            new.updatedAt = now
            return new
        }
    }

    /// Deleting what is not there is no error, as in MLflow.
    package func delete(assessment id: String, traceID: String, actor: String) async throws {
        let event = EventDraft(
            kind: "assessment.deleted", subject: EventSubject("trace", traceID), actor: actor, reason: "",
            payload: ["assessment": .string(id)], time: time.now())
        _ = try await assessments.delete(id: id, traceID: traceID, event: event)
    }

    func prepared(_ assessment: Assessment, traceID: String) throws -> Assessment {
        guard !assessment.name.isEmpty else { throw JidokaError.invalidArgument("an assessment needs a name") }
        try TracingLimits.check(assessment.name, "assessment name", atMost: TracingLimits.keyMax)
        try TracingService.check(assessment.value)
        var kept = assessment
        kept.traceID = traceID
        if kept.id.isEmpty { kept.id = "a-\(ids.next())" }
        let now = time.now().milliseconds
        if kept.createdAt == 0 { kept.createdAt = now }
        if kept.updatedAt == 0 { kept.updatedAt = now }
        return kept
    }

    private static func check(_ value: JSONValue) throws {
        guard value.serialized.count <= TracingLimits.assessmentBytesMax else {
            throw JidokaError.invalidArgument("the value of an assessment has more than \(TracingLimits.assessmentBytesMax) bytes")
        }
    }

    private func event(_ what: String, _ assessment: Assessment, actor: String) -> EventDraft {
        EventDraft(
            kind: "assessment.\(what)", subject: EventSubject("trace", assessment.traceID), actor: actor,
            reason: String((assessment.rationale ?? "").prefix(1_000)),
            payload: [
                "assessment": .string(assessment.id), "name": .string(assessment.name), "kind": .string(assessment.kind.rawValue),
                "source": .string("\(assessment.source.type):\(assessment.source.id)"), "overrides": JSONValue(assessment.overrides),
            ], time: time.now())
    }
}
