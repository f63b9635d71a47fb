/// The contract of the event log: append-only, numbered from 1 without gaps, chained.
///
/// State changes do not call `append`: their stores write the event in the transaction of the change. `append` is for facts that change
/// no row of their own (a refused gate, a delivered alert). Every method may be called from any task.
package protocol EventLog: Sendable {
    /// Durable on return.
    @discardableResult func append(_ drafts: [EventDraft]) async throws -> [Event]
    /// Events with `sequence > after`, oldest first, at most `limit` (1...1000); `kinds` and `subject` narrow when given.
    func events(after: Int64, limit: Int, kinds: Set<String>?, subject: EventSubject?) async throws -> [Event]
    /// Sequence and hash of the newest event; `(0, genesis)` for an empty log.
    func head() async throws -> (sequence: Int64, hash: String)
    /// Finishes each time events were added after `after`; returns at once when there already are some.
    func waitForEvents(after: Int64) async throws
}
