import Clockwork
import Datasets
import Events
import JSON
import JidokaAPI
import Line
import SQLStores
import Serving

/// The line and the server's state as the API shows them.
struct LineDesk: LineControl {
    let settings: ServerSettings
    let line: LineState
    let events: SQLEventLog
    let serving: ServingService
    let watchers: Watchers
    let time: any TimeSource
    private let startedAt: UInt64

    init(settings: ServerSettings, line: LineState, events: SQLEventLog, serving: ServingService, watchers: Watchers, time: any TimeSource)
    {
        self.settings = settings
        self.line = line
        self.events = events
        self.serving = serving
        self.watchers = watchers
        self.time = time
        startedAt = time.steadyNanoseconds()
    }

    func status() async throws -> JSONObject {
        [
            "version": .string(jidokaVersion), "line": JSONValue(line.line?.name), "home": .string(settings.home),
            "project": .string(settings.project),
            "uptime_seconds": .double(Double((time.steadyNanoseconds() - startedAt) / 1_000_000) / 1_000),
            "events": .int(try await events.head().sequence),
            "endpoints": .array(
                serving.descriptions.map { description in
                    [
                        "name": .string(description.endpoint.name), "model": .string(description.endpoint.model),
                        "champion": JSONValue(description.endpoint.plan.champion), "ready": .bool(description.isReady),
                    ]
                }),
            "monitors": .array(watchers.monitors.keys.sorted().map(JSONValue.string)),
        ]
    }

    func line() async -> JSONValue { line.line?.json ?? .null }

    func reload(actor: String) async throws -> JSONValue {
        let new = try line.reload()
        watchers.reload()
        let applied = EventDraft(
            kind: "line.applied", subject: EventSubject("line", new?.name ?? "none"), actor: actor, reason: "reloaded", time: time.now())
        try await events.append([applied])
        return new?.json ?? .null
    }

    func suite(dataset: String) async throws -> ExpectationSuite { try line.suite(dataset: dataset) }
    func split(dataset: String) async -> DatasetSplit { line.split(dataset: dataset) }
}
