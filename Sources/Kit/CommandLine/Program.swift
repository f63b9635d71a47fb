package import Errors

/// A whole command line: parses, runs, prints what went wrong, and says how the process should end.
package struct Program: Sendable {
    package let root: Command
    private let version: String

    /// Adds `completion` and `reference` to the commands of `root`.
    package init(_ root: Command, version: String) {
        var whole = root
        whole.subcommands += Program.fromTable(root)
        self.root = whole
        self.version = version
    }

    /// - Parameter arguments: the words after the program's name.
    package func run(_ arguments: [String], environment: [String: String], console: any Console) async -> ExitStatus {
        let words = arguments.isEmpty && root.body == nil ? ["--help"] : arguments
        switch root.parse(words, environment: environment) {
        case .failure(let error):
            console.errorLine("\(root.name): \(error.message)")
            if let hint = error.hint { console.errorLine("  hint: \(hint)") }
            console.errorLine("  usage: \(error.usage)")
            return .usage
        case .success(.version):
            console.line("\(root.name) \(version)")
            return .ok
        case .success(.help(let command, let path, let inherited)):
            console.write(command.helpText(path: path, inherited: inherited, width: min(console.width, 100)))
            return .ok
        case .success(.run(let command, _, let values)):
            guard let body = command.body else { preconditionFailure("the parser gives no command without a body") }
            do {
                return try await body(values, console)
            } catch is CancellationError {
                return .failed
            } catch {
                Program.report(JidokaError.wrapping(error), program: root.name, console: console)
                return .failed
            }
        }
    }

    /// An error as the user reads it. The cause is shown because the user of a command is its operator.
    package static func report(_ error: JidokaError, program: String, console: any Console) {
        console.errorLine("\(program): \(error.message)")
        if let cause = error.cause { console.errorLine("  cause: \(cause)") }
        if let hint = error.hint { console.errorLine("  hint: \(hint)") }
    }

    /// Commands that are made from the table of all commands, themselves included.
    private static func fromTable(_ root: Command) -> [Command] {
        var completion = Command(
            "completion", "print a shell's completion script", details: "    source <(\(root.name) completion bash)",
            positionals: [Positional("shell", "`bash`")]
        ) { _, _ in .ok }
        var reference = Command("reference", "print the reference of all commands as Markdown") { _, _ in .ok }
        var whole = root
        whole.subcommands += [completion, reference]
        let script = whole.bashCompletion()
        let page = whole.markdown()
        completion.body = { values, console in
            guard values.argument("shell") == "bash" else {
                throw JidokaError.invalidArgument("no completion for `\(values.argument("shell"))`", hint: "`bash` is the one there is")
            }
            console.write(script)
            return .ok
        }
        reference.body = { _, console in
            console.write(page)
            return .ok
        }
        return [completion, reference]
    }
}
