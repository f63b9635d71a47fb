import CommandLine
import Errors
import JSON
import Synchronization

/// `jidoka events tail`: the record of what happened.
enum EventsCommand {
    private static let pageRows = 1_000

    static func command(_ context: CommandContext) -> Command {
        Command(
            "events", "the record of what happened",
            subcommands: [
                Command(
                    "tail", "print the newest events",
                    details: "With --json it prints one list; with --follow one event a line.",
                    flags: [
                        .toggle("follow", short: "f", "go on with events as they happen, until Ctrl-C"),
                        .int("limit", short: "n", in: 0...1_000, default: 20, "how many to begin with"),
                        .int("after", in: 0...Int.max, "begin after the event with this number"),
                        Flag("kind", .strings, "only events of this kind"),
                    ]
                ) { values, console in
                    let api = context.api(values)
                    let follow = values.isOn("follow")
                    let (events, last) = try await newest(values, api)
                    if values.isOn("json"), !follow {
                        console.line(JSONValue.array(events).text)
                    } else {
                        for event in events { write(event, values, console) }
                    }
                    if follow { try await self.follow(after: last, values, api, console) }
                    return .ok
                }
            ])
    }

    /// The last `limit` events, oldest first, and the number after which the next ones come.
    private static func newest(_ values: Values, _ api: APIClient) async throws -> ([JSONValue], Int64) {
        let limit = values.int("limit")
        let head = try await head(api)
        let kinds: [(String, String?)] = values.strings("kind").map { ("kind", $0) }
        var after = Int64(values.optionalInt("after") ?? 0)
        // Without a choice of kinds the last so many have the last so many numbers.
        if values.optionalInt("after") == nil, kinds.isEmpty { after = max(0, head - Int64(limit)) }
        var kept: [JSONValue] = []
        while true {
            let page = try await api.get(["events"], [("after", String(after)), ("limit", String(pageRows))] + kinds).arrayValue ?? []
            kept += page
            if values.optionalInt("after") == nil, kept.count > limit { kept.removeFirst(kept.count - limit) }
            guard page.count == pageRows, let last = page.last?["sequence"]?.intValue else { break }
            after = last
            // From a given number on it is the first ones that are wanted.
            if values.optionalInt("after") != nil, kept.count >= limit { break }
        }
        if values.optionalInt("after") != nil { kept = Array(kept.prefix(limit)) }
        return (kept, max(head, kept.last?["sequence"]?.intValue ?? 0))
    }

    /// The number of the newest event. Numbers have no gaps, so that an event after N exists exactly when the newest is above N.
    private static func head(_ api: APIClient) async throws -> Int64 {
        func exists(after number: Int64) async throws -> Bool {
            try await api.get(["events"], [("after", String(number)), ("limit", "1")]).arrayValue?.isEmpty == false
        }
        var above: Int64 = 1_024
        var below: Int64 = 0
        while try await exists(after: above - 1) {
            below = above
            above *= 2
        }
        while below + 1 < above {
            let middle = below + (above - below) / 2
            if try await exists(after: middle - 1) { below = middle } else { above = middle }
        }
        return below
    }

    private static func follow(after last: Int64, _ values: Values, _ api: APIClient, _ console: any Console) async throws {
        let kinds = Set(values.strings("kind"))
        let reader = Mutex(EventStreamReader())
        try await api.stream(["events", "stream"], [("after", String(last))]) { bytes in
            for data in reader.withLock({ $0.take(bytes) }) {
                let event = try JSONValue.parse(data)
                if kinds.isEmpty || kinds.contains(event.string("kind")) { write(event, values, console) }
            }
        }
        throw JidokaError.unavailable(
            "the server at \(api.server) ended the stream of events", hint: "it was stopped; start it with `jidoka up`")
    }

    private static func write(_ event: JSONValue, _ values: Values, _ console: any Console) {
        if values.isOn("json") { return console.line(event.text) }
        let number = event.cell("sequence")
        let padding = String(repeating: " ", count: max(0, 6 - number.count))
        let kind = console.styled(event.string("kind"), .bold)
        let reason = event.string("reason")
        let what = "\(padding)\(number)  \(event.clock("time"))  \(kind)  \(subject(event))  by \(event.cell("actor"))"
        console.line(what + (reason.isEmpty ? "" : ": \(reason)"))
    }

    /// `endpoint/employment`
    static func subject(_ document: JSONValue) -> String {
        "\(document.at("subject", "type")?.cell ?? "")/\(document.at("subject", "id")?.cell ?? "")"
    }
}

/// Reads the `data` of server-sent events (WHATWG HTML, "Server-sent events") out of pieces of any length.
struct EventStreamReader {
    private var line: [UInt8] = []
    private var data: [[UInt8]] = []
    private var afterReturn = false

    /// The data of each event that ends in these bytes.
    mutating func take(_ bytes: [UInt8]) -> [[UInt8]] {
        var events: [[UInt8]] = []
        for byte in bytes {
            let isSecondHalf = afterReturn && byte == 0x0A
            afterReturn = byte == 0x0D
            if isSecondHalf { continue }
            if byte != 0x0A && byte != 0x0D {
                line.append(byte)
                continue
            }
            if line.isEmpty, !data.isEmpty {
                events.append(Array(data.joined(separator: [0x0A])))
                data = []
            } else if line.starts(with: "data:".utf8) {
                let value = line.dropFirst(5)
                data.append(Array(value.first == 0x20 ? value.dropFirst() : value))
            }
            line = []
        }
        return events
    }
}
