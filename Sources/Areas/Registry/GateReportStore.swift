package import Events

/// Keeps the reports of gates, for ever. Every method may be called from any task.
package protocol GateReportStore: Sendable {
    /// The report and its events are one transaction, durable on return.
    func save(_ report: GateReport, events: [EventDraft]) async throws
    /// The newest report of a version; nil when it was never judged.
    func newest(model: String, version: Int) async throws -> GateReport?
    /// Newest first, at most `limit` (1...1000).
    func reports(model: String, limit: Int) async throws -> [GateReport]
}
