package import Clockwork
import Digests
import Errors
import JSON
package import Outbound
package import Webhooks

/// Webhooks as HTTP requests, signed as MLflow signs them (mlflow/webhooks/delivery.py, after the Standard Webhooks specification).
///
/// A POST with a JSON body; `X-MLflow-Delivery-Id` is the same for each attempt, `X-MLflow-Timestamp` are the seconds since 1970 of this
/// one. With a secret `X-MLflow-Signature` is `v1,` and the base64 of the HMAC-SHA-256 of `delivery id.timestamp.body`. Redirects are not
/// followed.
package struct HTTPWebhookSender: WebhookSender {
    private let client: OutboundClient
    private let destinations: Destinations
    private let time: any TimeSource
    private static let timeout = Duration.seconds(10)
    /// Of an answer only its beginning is looked at.
    private static let answerMax: UInt64 = 64 << 10

    package init(client: OutboundClient, destinations: Destinations, time: any TimeSource) {
        self.client = client
        self.destinations = destinations
        self.time = time
    }

    package func check(url: String) throws { try destinations.check(url: url) }

    package func send(_ delivery: WebhookDelivery, to webhook: Webhook) async -> WebhookSending {
        do {
            try destinations.check(url: webhook.url)
            let seconds = String(time.now().microseconds / 1_000_000)
            var request = OutboundRequest("POST", webhook.url, body: .bytes(Array(delivery.body.utf8)))
            request.headers = [
                (name: "content-type", value: "application/json"), (name: "user-agent", value: "jidoka"),
                (name: "X-MLflow-Delivery-Id", value: delivery.id), (name: "X-MLflow-Timestamp", value: seconds),
            ]
            if !webhook.secret.isEmpty {
                let signature = HTTPWebhookSender.signature(secret: webhook.secret, id: delivery.id, seconds: seconds, body: delivery.body)
                request.headers.append((name: "X-MLflow-Signature", value: signature))
            }
            request.timeout = HTTPWebhookSender.timeout
            request.responseBytesMax = HTTPWebhookSender.answerMax
            request.cutsLongResponses = true
            request.destinations = destinations
            let answer = try await client.send(request)
            return WebhookSending(
                .answered(status: answer.status, retryAfter: answer.header("retry-after").flatMap { Int($0) }.map { .seconds($0) }),
                body: answer.text)
        } catch {
            let failure = JidokaError.wrapping(error)
            return WebhookSending(.failed(why: failure.message, isFinal: failure.code == .invalidArgument))
        }
    }

    static func signature(secret: String, id: String, seconds: String, body: String) -> String {
        "v1,\(Base64.encode(hmacSHA256(key: Array(secret.utf8), message: Array("\(id).\(seconds).\(body)".utf8))))"
    }
}
