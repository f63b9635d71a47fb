package import Errors
package import JSON

/// How an endpoint joins requests into runs of the model.
package struct BatchPolicy: Sendable, Hashable {
    /// Rows that a joined run has at most; 1 or less joins nothing. A single request with more rows runs alone: requests are never split.
    package var rowsMax: Int
    /// Sizes that the model runs best at, ascending; the largest one that the queue fills is sent without waiting on.
    package var preferred: [Int]
    /// How long the oldest request may wait for company, in microseconds; 0 waits only while every instance is busy.
    package var delayMicroseconds: Int
    /// Requests that may wait; further ones are refused.
    package var queueMax: Int
    /// How long a request may wait in the queue before it is refused, in microseconds.
    package var timeoutMicroseconds: Int
    /// Runs of the model at one time.
    package var instances: Int

    package init(
        rowsMax: Int = 64, preferred: [Int] = [], delayMicroseconds: Int = 0, queueMax: Int = 4_096, timeoutMicroseconds: Int = 30_000_000,
        instances: Int = 2
    ) {
        self.rowsMax = max(1, rowsMax)
        self.preferred = preferred.filter { $0 > 0 && $0 <= max(1, rowsMax) }.sorted()
        self.delayMicroseconds = max(0, delayMicroseconds)
        self.queueMax = max(1, queueMax)
        self.timeoutMicroseconds = max(1, timeoutMicroseconds)
        self.instances = max(1, instances)
    }
}

/// Why the batcher refused a request.
package enum BatchRejection: Sendable, Hashable {
    case queueFull
    case timedOut

    /// Triton's words, which its clients look for.
    package var error: JidokaError {
        switch self {
        case .queueFull: .unavailable("Exceeds maximum queue size", hint: "send fewer requests at once, or raise the endpoint's queue size")
        case .timedOut: .unavailable("Request timeout expired", hint: "send fewer requests at once, or allow a longer timeout")
        }
    }
}

extension BatchPolicy {
    /// The stored form.
    package var json: JSONValue {
        [
            "rows_max": .int(Int64(rowsMax)), "preferred": .array(preferred.map { .int(Int64($0)) }),
            "delay_us": .int(Int64(delayMicroseconds)), "queue_max": .int(Int64(queueMax)), "timeout_us": .int(Int64(timeoutMicroseconds)),
            "instances": .int(Int64(instances)),
        ]
    }

    /// Reads `json` back; what is missing takes its default.
    package init(json: JSONValue) {
        let standard = BatchPolicy()
        func integer(_ name: String, _ fallback: Int) -> Int { json[name]?.intValue.map(Int.init) ?? fallback }
        self.init(
            rowsMax: integer("rows_max", standard.rowsMax),
            preferred: (json["preferred"]?.arrayValue ?? []).compactMap { $0.intValue.map(Int.init) },
            delayMicroseconds: integer("delay_us", standard.delayMicroseconds), queueMax: integer("queue_max", standard.queueMax),
            timeoutMicroseconds: integer("timeout_us", standard.timeoutMicroseconds), instances: integer("instances", standard.instances))
    }
}
