import CommandLine
import JSON

/// `jidoka audit verify`: whether the record is whole.
enum AuditCommand {
    static func command(_ context: CommandContext) -> Command {
        Command(
            "audit", "the proof of the record",
            subcommands: [
                Command(
                    "verify", "recompute the chain of all events", details: "Exit status 1 when an event was changed or is missing."
                ) { values, console in
                    let audit = try await context.api(values).get(["audit", "verify"])
                    let isWhole = audit.flag("valid")
                    console.show(audit, values) { audit in
                        if isWhole {
                            let whole = console.marked("the chain is whole", true)
                            return "\(whole): \(audit.count("events")) events, head \(audit.short("head"))\n"
                        }
                        let why = audit.at("message")?.cell ?? "event \(audit.cell("first_break")) does not follow from the one before"
                        return "\(console.marked("the chain is broken", false)) after \(audit.count("events")) events: \(why)\n"
                    }
                    return isWhole ? .ok : .failed
                }
            ])
    }
}
