import CommandLine

/// `jidoka runs …`. What ends or corrects a run is in `RunsCommand+Lifecycle.swift`.
enum RunsCommand {
    static func command(_ context: CommandContext) -> Command {
        Command("runs", "runs: move, correct, delete, restore", subcommands: RunLifecycle.commands(context))
    }
}
