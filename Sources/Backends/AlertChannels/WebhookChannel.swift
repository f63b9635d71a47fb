import Clockwork
import Digests
package import Errors
import Events
import JSON
package import Monitoring
package import Outbound

/// Alerts as signed HTTP requests: a POST with a JSON body to one address.
///
/// The body is `{id, level, event, subject, reason, fired_at, count, payload, attempt}`. With a secret, `x-jidoka-signature` carries
/// `sha256=` and the hexadecimal HMAC-SHA-256 (RFC 2104) of the body's bytes, so that the receiver can tell who wrote it. A message may
/// arrive more than once; `x-jidoka-delivery` (`<alert id>/<channel>`) is the same each time.
package struct WebhookChannel: AlertChannel {
    private let name: String
    private let url: String
    private let secret: [UInt8]?
    private let client: OutboundClient
    private static let timeout = Duration.seconds(10)
    /// The answer's body is not used.
    private static let answerBytesMax: UInt64 = 1 << 20

    /// `name` is the channel's name in `jidoka.yaml`; an empty secret counts as none.
    /// - Throws: `invalid_argument` unless the address is an `http` or `https` URL.
    package init(name: String, url: String, secret: String?, client: OutboundClient) throws(JidokaError) {
        guard ["http://", "https://"].contains(where: { url.lowercased().hasPrefix($0) && url.utf8.count > $0.utf8.count }) else {
            throw .invalidArgument(
                "the webhook of channel `\(name)` has no `http` or `https` address", hint: "write it like `https://host/path`")
        }
        self.name = name
        self.url = url
        self.secret = secret.flatMap { $0.isEmpty ? nil : Array($0.utf8) }
        self.client = client
    }

    /// - Throws: `unavailable` when no answer came within ten seconds, or one that is not 2xx (redirects are not followed).
    package func send(_ alert: Alert, attempt: Int) async throws {
        let body = WebhookChannel.body(alert, attempt: attempt)
        var request = OutboundRequest("POST", url, headers: headers(alert, body), body: .bytes(body))
        request.timeout = WebhookChannel.timeout
        request.responseBytesMax = WebhookChannel.answerBytesMax
        let answer = try await client.send(request)
        guard answer.isSuccess else {
            throw JidokaError.unavailable(
                "channel `\(name)` answered with status \(answer.status)", hint: "a webhook must answer 2xx; redirects are not followed")
        }
    }

    private func headers(_ alert: Alert, _ body: [UInt8]) -> [(name: String, value: String)] {
        var headers = [
            (name: "content-type", value: "application/json"), (name: "user-agent", value: "jidoka"),
            (name: "x-jidoka-event", value: alert.event), (name: "x-jidoka-delivery", value: "\(alert.id)/\(name)"),
        ]
        if let secret {
            headers.append((name: "x-jidoka-signature", value: "sha256=\(hexadecimal(hmacSHA256(key: secret, message: body)))"))
        }
        return headers
    }

    private static func body(_ alert: Alert, attempt: Int) -> [UInt8] {
        let document: JSONValue = [
            "id": .string(alert.id), "level": .string(alert.level.rawValue), "event": .string(alert.event),
            "subject": ["type": .string(alert.subject.type), "id": .string(alert.subject.id)], "reason": .string(alert.reason),
            "fired_at": .string(alert.firedAt.rfc3339), "count": .int(alert.count), "payload": .object(alert.payload),
            "attempt": .int(Int64(attempt)),
        ]
        return document.serialized
    }
}
