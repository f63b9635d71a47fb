package import Events

/// Keeps assessments. A change and its event are one transaction, durable on return. Methods that name a trace which does not exist throw
/// `TracingErrors.noTrace`, those that name an assessment which its trace does not have, `TracingErrors.noAssessment`; both change nothing.
package protocol AssessmentStore: Sendable {
    /// The assessment that it overrides is no longer valid. - Throws: `exhausted` when the trace has `TracingLimits.assessmentsMax`.
    func create(_ assessment: Assessment, event: EventDraft) async throws
    func assessment(id: String, traceID: String) async throws -> Assessment
    /// Stores what `change` makes of the assessment.
    func update(
        id: String, traceID: String, event: EventDraft, _ change: @escaping @Sendable (Assessment) throws -> Assessment
    ) async throws -> Assessment
    /// The assessment that it overrode is valid again. False when there was none: that is no error.
    func delete(id: String, traceID: String, event: EventDraft) async throws -> Bool
}
