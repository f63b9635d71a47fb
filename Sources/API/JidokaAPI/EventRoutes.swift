import Errors
package import Events
import HTTP
package import JSON

/// The event log: pages, live stream, audit.
extension JidokaRoutes {
    mutating func mountEvents(_ services: JidokaServices) {
        let log = services.events
        add("GET", "/events", .read, "Events after a sequence number, oldest first.") { request in
            let kinds = request.query.filter { $0.name == "kind" }.map(\.value)
            let events = try await log.events(
                after: try request.integer("after", default: 0), limit: try request.limit(default: 100),
                kinds: kinds.isEmpty ? nil : Set(kinds),
                subject: subject(request))
            return .json(.array(events.map { .object($0.json) }))
        }
        add("GET", "/events/stream", .read, "Events as they happen, as server-sent events; Last-Event-ID resumes.") { request in
            let resumed = request.headers["last-event-id"].flatMap { Int64($0) }
            let newest = try await log.head().sequence
            let start = try resumed ?? request.integer("after", default: newest)
            return .events { writer in
                var after = start
                while true {
                    for event in try await log.events(after: after, limit: 500, kinds: nil, subject: nil) {
                        try await writer.send(
                            ServerSentEvent(data: JSONValue.object(event.json).text, event: event.draft.kind, id: String(event.sequence)))
                        after = event.sequence
                    }
                    try await log.waitForEvents(after: after)
                }
            }
        }
        add("GET", "/audit/verify", .read, "Recompute the chain of all events.") { _ in .json(.object(try await Audit.verify(log))) }
    }
}

private func subject(_ request: HTTPRequest) -> EventSubject? {
    guard let type = request.query("subject_type"), let id = request.query("subject_id") else { return nil }
    return EventSubject(type, id)
}

/// Recomputes every hash from the first event on.
package enum Audit {
    package static func verify(_ log: any EventLog) async throws -> JSONObject {
        var previous = HashChain.genesis
        var sequence: Int64 = 0
        while true {
            let page = try await log.events(after: sequence, limit: 1_000, kinds: nil, subject: nil)
            guard let last = page.last else { break }
            if let broken = HashChain.firstBreak(in: page, after: previous, sequence: sequence) {
                return [
                    "valid": false, "events": .int(sequence), "head": .string(previous), "first_break": .int(broken.sequence),
                    "message": .string("event \(broken.sequence) (\(broken.draft.kind)) was changed, or one before it is missing"),
                ]
            }
            previous = last.hash
            sequence = last.sequence
        }
        return ["valid": true, "events": .int(sequence), "head": .string(previous), "first_break": .null]
    }
}
