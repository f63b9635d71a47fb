import Errors
import HTTP
import JSON
import Rollouts

/// Rollouts.
extension JidokaRoutes {
    mutating func mountRollouts(_ services: JidokaServices) {
        let rollouts = services.rollouts
        add("POST", "/endpoints/{name}/rollouts", .operate, "Start a rollout of a version.") { request in
            let fields = try await RequestFields(request, known: ["version", "strategy", "steps", "override", "reason", "actor"])
            let strategy = try fields.optionalText("strategy") ?? "canary"
            guard strategy == "canary" else {
                throw JidokaError.invalidArgument("the strategy `\(strategy)` is not supported yet", hint: "supported: canary")
            }
            let steps = try fields.items("steps")?.map { item in
                guard let step = item.intValue else { throw JidokaError.invalidArgument("`steps` must be whole numbers") }
                return Int(step)
            }
            let rollout = try await services.models.startRollout(
                endpoint: try request.parameter("name"), version: try fields.text("version"), steps: steps,
                override: try fields.flag("override"),
                actor: try fields.actor(), reason: try fields.text("reason"))
            return .json(.object(rollout.json), status: 201)
        }
        add("GET", "/rollouts", .read, "List rollouts, newest first.") { request in
            .json(
                .array(
                    try await rollouts.rollouts(endpoint: request.query("endpoint"), limit: try request.limit(default: 50)).map {
                        .object($0.json)
                    }))
        }
        add("GET", "/rollouts/{id}", .read, "One rollout with its evidence and history.") { request in
            .json(.object(try await rollouts.rollout(try request.parameter("id")).json))
        }
        command("pause", "Hold a rollout where it is.", rollouts) { .pause(actor: $0, reason: $1) }
        command("resume", "Let a paused rollout go on.", rollouts) { .resume(actor: $0, reason: $1) }
        command("promote", "Promote the candidate without waiting for the verdict.", rollouts) { .promote(actor: $0, reason: $1) }
        command("rollback", "Send the candidate back.", rollouts) { .rollBack(actor: $0, reason: $1) }
    }

    private mutating func command(
        _ verb: String, _ summary: String, _ rollouts: RolloutService, _ input: @escaping @Sendable (String, String) -> RolloutMachine.Input
    ) {
        add("POST", "/rollouts/{id}/\(verb)", .operate, summary) { request in
            let fields = try await RequestFields(request, known: ["actor", "reason"])
            let rollout = try await rollouts.command(input(try fields.actor(), try fields.text("reason")), on: try request.parameter("id"))
            return .json(.object(rollout.json))
        }
    }
}
