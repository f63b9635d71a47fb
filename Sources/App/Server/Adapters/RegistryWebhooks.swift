import Clockwork
import Errors
import Events
import Outbound
import Registry
import SQLStores
import WebhookSenders
import Webhooks

/// Which registered models are prompts, for webhooks.
struct PromptModels: PromptTeller {
    let registry: RegistryService

    func isPrompt(_ model: String) async throws -> Bool {
        do {
            return RegistryService.isPrompt(try await registry.model(name: model))
        } catch let error as JidokaError where error.code == .notFound { return false }
    }
}

extension Composition {
    static func hooks(
        _ settings: ServerSettings, _ base: Foundation, _ events: SQLEventLog, _ registry: RegistryService
    ) throws -> (service: WebhookService, dispatch: WebhookDispatch) {
        // Threads of their own: a receiver that is slow holds up no alert.
        let sender = HTTPWebhookSender(
            client: OutboundClient(pool: BlockingPool(threads: WebhookDispatch.sendingMax + 2)),
            destinations: try Destinations(allowing: settings.webhookAllow),
            time: base.time)
        let store = SQLWebhookStore(database: base.database)
        let service = WebhookService(store: store, sender: sender, time: base.time, ids: base.ids)
        let dispatch = WebhookDispatch(
            store: store, sender: sender, prompts: PromptModels(registry: registry), log: events, time: base.time, ids: base.ids,
            logger: base.logger)
        return (service, dispatch)
    }
}
