package import Events

/// Keeps monitors and their window reports; durable on return, events in the same transaction.
package protocol MonitorStore: Sendable {
    /// nil: never saved.
    func monitor(endpoint: String) async throws -> Monitor?
    /// Saves the state and, when given, the report of the window that led to it. Throws `conflict` unless `monitor.revision` is greater
    /// than the stored one.
    func save(_ monitor: Monitor, report: WindowReport?, events: [EventDraft]) async throws
    /// Replaces the report of a window: labels arrived.
    func update(_ report: WindowReport, events: [EventDraft]) async throws
    /// Newest first, at most `limit` (1...1000).
    func reports(endpoint: String, limit: Int) async throws -> [WindowReport]
    func report(endpoint: String, number: Int64) async throws -> WindowReport?
}
