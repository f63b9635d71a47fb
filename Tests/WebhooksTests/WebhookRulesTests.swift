import Clockwork
import Errors
import Events
import JSON
import Testing

@testable import Webhooks

@Suite struct WebhookRulesTests {
    private let start = Timestamp(milliseconds: 1_700_000_000_000)

    private var fresh: WebhookDelivery {
        WebhookDelivery(id: "d", webhookID: "w", event: "model_version.created", body: "{}", dueAt: start, createdAt: start)
    }

    @Test func `a delivery is tried again later each time, and given up at last`() {
        var delivery = fresh
        var now = start
        for pause in WebhookDelivery.pauses {
            delivery = delivery.settled(.answered(status: 503, retryAfter: nil), at: now)
            #expect(delivery.state == .waiting && delivery.dueAt == now + pause && delivery.error == "the answer was 503")
            now = delivery.dueAt
        }
        delivery = delivery.settled(.failed(why: "nothing listens", isFinal: false), at: now)
        #expect(delivery.state == .dead && delivery.attempts == WebhookDelivery.pauses.count + 1 && delivery.error == "nothing listens")
    }

    @Test func `what cannot become better is given up at once`() {
        #expect(fresh.settled(.answered(status: 404, retryAfter: nil), at: start).state == .dead)
        #expect(fresh.settled(.answered(status: 301, retryAfter: nil), at: start).state == .dead)
        #expect(fresh.settled(.failed(why: "not allowed", isFinal: true), at: start).state == .dead)
        for status in [408, 429, 500, 599] {
            #expect(fresh.settled(.answered(status: status, retryAfter: nil), at: start).state == .waiting)
        }
        for status in [200, 204, 299] { #expect(fresh.settled(.answered(status: status, retryAfter: nil), at: start).state == .delivered) }
    }

    @Test func `a receiver may ask for a longer pause, within an hour`() {
        #expect(fresh.settled(.answered(status: 429, retryAfter: .seconds(90)), at: start).dueAt == start + .seconds(90))
        #expect(fresh.settled(.answered(status: 429, retryAfter: .seconds(0)), at: start).dueAt == start + .seconds(1))
        #expect(fresh.settled(.answered(status: 429, retryAfter: .seconds(999_999)), at: start).dueAt == start + .seconds(3_600))
    }

    @Test func `only pairs that happen are events`() throws {
        #expect(try WebhookEvent("model_version_alias.created").text == "model_version_alias.created")
        for wrong in ["model_version", "model_version.deleted", "nothing.created", "a.b.c", ""] {
            #expect(throws: JidokaError.self) { _ = try WebhookEvent(wrong) }
        }
        #expect(WebhookEvent.all.count == 15)
        for text in WebhookEvent.all { #expect(!WebhookMessage.example(try WebhookEvent(text)).isEmpty) }
    }

    private func message(_ kind: String, _ subject: String, _ payload: JSONObject, prompt: Bool = false) async throws -> String? {
        let draft = EventDraft(
            kind: kind, subject: EventSubject("x", subject), actor: "user:a", reason: "", payload: payload, time: start)
        guard let message = await WebhookMessage(draft, isPrompt: { _ in prompt }) else { return nil }
        return "\(message.event.text) \(JSONValue.object(message.data).text)"
    }

    @Test func `events of the registry become MLflow's`() async throws {
        let tags: JSONValue = ["a": "1"]
        let prompt: JSONValue = ["mlflow.prompt.is_prompt": "true", "mlflow.prompt.text": "Hi {{you}}", "a": "1"]
        let table: [(kind: String, subject: String, payload: JSONObject, prompt: Bool, wanted: String?)] = [
            (
                "registered_model.created", "m", ["tags": tags, "description": "d"], false,
                #"registered_model.created {"name":"m","tags":{"a":"1"},"description":"d"}"#
            ),
            (
                "registered_model.created", "p", ["tags": prompt, "description": ""], false,
                #"prompt.created {"name":"p","tags":{"a":"1"},"description":""}"#
            ),
            (
                "model_version.registered", "m/3", ["tags": tags, "description": "", "source": "models:/x", "run_id": ""], false,
                #"model_version.created {"name":"m","version":"3","source":"models:/x","run_id":null,"tags":{"a":"1"},"description":null}"#
            ),
            (
                "model_version.registered", "p/1", ["tags": prompt, "description": "d", "source": "dummy", "run_id": ""], true,
                #"prompt_version.created {"name":"p","version":"1","template":"Hi {{you}}","tags":{"a":"1"},"description":"d"}"#
            ),
            (
                "model_version.tag_set", "m/3", ["key": "k", "value": "v"], false,
                #"model_version_tag.set {"name":"m","version":"3","key":"k","value":"v"}"#
            ),
            ("model_version.tag_deleted", "p/3", ["key": "k"], true, #"prompt_version_tag.deleted {"name":"p","version":"3","key":"k"}"#),
            ("registered_model.tag_set", "p", ["key": "k", "value": "v"], true, #"prompt_tag.set {"name":"p","key":"k","value":"v"}"#),
            ("registered_model.tag_set", "m", ["key": "k", "value": "v"], false, nil),
            (
                "model_version.alias_set", "m/3", ["alias": "best", "version": 3], false,
                #"model_version_alias.created {"name":"m","alias":"best","version":"3"}"#
            ),
            ("model_version.alias_removed", "p/3", ["alias": "best"], true, #"prompt_alias.deleted {"name":"p","alias":"best"}"#),
            ("run.created", "r", [:], false, nil),
        ]
        for row in table {
            let found = try await message(row.kind, row.subject, row.payload, prompt: row.prompt)
            #expect(found == row.wanted, "\(row.kind)")
        }
    }
}
