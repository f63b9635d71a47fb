import Clockwork
import Errors

/// What the words of a command line ask for.
package enum Invocation: Sendable {
    /// `path` are the names from the program's down to the command's.
    case run(Command, path: [String], Values)
    case help(Command, path: [String], inherited: [Flag])
    case version
}

/// Words that make no command: what is wrong, what to do, and how the nearest command is used.
package struct UsageError: Error, Sendable, Hashable {
    package var message: String
    package var hint: String?
    /// `jidoka data add [flags] NAME PATH`
    package var usage: String

    package init(message: String, hint: String? = nil, usage: String) {
        self.message = message
        self.hint = hint
        self.usage = usage
    }
}

extension Command {
    /// Reads the words after the program's name. A pure function: no file, no terminal, no process state.
    /// - Parameter environment: read for flags that name a variable; a flag wins over it, and it wins over the default.
    package func parse(_ words: [String], environment: [String: String] = [:]) -> Result<Invocation, UsageError> {
        var parser = Parser(root: self, environment: environment)
        do {
            return .success(try parser.parse(words))
        } catch {
            return .failure(error)
        }
    }
}

/// The walk over the words.
struct Parser {
    private var command: Command
    private var path: [String]
    private var inherited: [Flag] = []
    private let environment: [String: String]
    private var given: [String: [String]] = [:]
    private var arguments: [String] = []

    init(root: Command, environment: [String: String]) {
        command = root
        path = [root.name]
        self.environment = environment
    }

    private var scope: [Flag] { inherited + command.flags }

    mutating func parse(_ words: [String]) throws(UsageError) -> Invocation {
        var rest = words[...]
        var flagsEnded = false
        while let word = rest.popFirst() {
            if flagsEnded || !Parser.looksLikeFlag(word, among: scope) {
                try take(word)
            } else if word == "--" {
                flagsEnded = true
            } else if word == "--help" || word == "-h" {
                return .help(command, path: path, inherited: inherited)
            } else if word == "--version", path.count == 1 {
                return .version
            } else {
                try takeFlag(word, &rest)
            }
        }
        if command.body == nil { throw incomplete() }
        return .run(command, path: path, try values())
    }

    /// `-` alone is a positional (standard input by custom), and so is `-5`, unless a flag is called that.
    private static func looksLikeFlag(_ word: String, among flags: [Flag]) -> Bool {
        guard word.count > 1, word.hasPrefix("-") else { return false }
        guard let second = word.dropFirst().first, second.isNumber else { return true }
        return flags.contains { $0.short == second }
    }

    private mutating func take(_ word: String) throws(UsageError) {
        if command.subcommands.isEmpty {
            arguments.append(word)
            return
        }
        guard let next = command.subcommands.first(where: { $0.name == word }) else {
            throw failure(
                "unknown command `\(path.joined(separator: " ")) \(word)`",
                hint: didYouMean(word, among: command.subcommands.map(\.name)) ?? commandsHint())
        }
        inherited += command.flags
        command = next
        path.append(next.name)
    }

    private mutating func takeFlag(_ word: String, _ rest: inout ArraySlice<String>) throws(UsageError) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let typed = String(parts[0])
        let attached = parts.count > 1 ? String(parts[1]) : nil
        guard let (flag, negated) = find(typed) else {
            let names = scope.map { "--" + $0.name } + ["--help"]
            throw failure("unknown flag `\(typed)`", hint: didYouMean(typed, among: names))
        }
        if flag.kind == .toggle {
            if let attached {
                guard let on = Parser.boolean(attached), !negated else {
                    throw failure("`\(typed)` takes no value `\(attached)`", hint: "write `--\(flag.name)` or `--no-\(flag.name)`")
                }
                given[flag.name] = [on ? "true" : "false"]
            } else {
                given[flag.name] = [negated ? "false" : "true"]
            }
            return
        }
        guard let value = attached ?? rest.popFirst() else {
            throw failure("`\(typed)` needs a value", hint: "write `\(typed) \(flag.valueName)`")
        }
        if flag.kind == .strings { given[flag.name, default: []].append(value) } else { given[flag.name] = [value] }
    }

    private func find(_ typed: String) -> (Flag, negated: Bool)? {
        if typed.hasPrefix("--") {
            let name = typed.dropFirst(2)
            if let flag = scope.first(where: { $0.name == name }) { return (flag, false) }
            guard name.hasPrefix("no-") else { return nil }
            return scope.first { $0.kind == .toggle && $0.name == name.dropFirst(3) }.map { ($0, true) }
        }
        guard typed.count == 2, let letter = typed.last else { return nil }
        return scope.first { $0.short == letter }.map { ($0, false) }
    }

    // MARK: From words to values

    private func values() throws(UsageError) -> Values {
        var values = Values()
        for flag in scope {
            values.declared.insert("--" + flag.name)
            if let texts = given[flag.name] {
                values.flags[flag.name] = (try value(flag, texts, from: "`--\(flag.name)`"), .flag)
            } else if let variable = flag.environment, let text = environment[variable], !text.isEmpty {
                values.flags[flag.name] = (try value(flag, [text], from: "the environment variable `\(variable)`"), .environment)
            } else if let text = flag.defaultText {
                values.flags[flag.name] = (try value(flag, [text], from: "the default of `--\(flag.name)`"), .default)
            }
        }
        try bindPositionals(&values)
        return values
    }

    private func bindPositionals(_ values: inout Values) throws(UsageError) {
        var left = arguments[...]
        for positional in command.positionals {
            values.declared.insert(positional.name)
            if positional.count == .rest {
                values.positionals[positional.name] = Array(left)
                left = []
            } else if let word = left.popFirst() {
                values.positionals[positional.name] = [word]
            } else if positional.count == .required {
                throw failure("`\(positional.name.uppercased())` is missing", hint: positional.help)
            }
        }
        if let extra = left.first {
            throw failure(
                "unexpected argument `\(extra)`", hint: "`\(path.joined(separator: " "))` takes \(command.positionals.count) of them")
        }
    }

    private func value(_ flag: Flag, _ texts: [String], from source: String) throws(UsageError) -> Values.Value {
        let text = texts[0]
        switch flag.kind {
        case .string: return .string(text)
        case .strings: return .strings(texts)
        case .toggle: if let on = Parser.boolean(text) { return .toggle(on) }
        case .double: if let number = Double(text), number.isFinite { return .double(number) }
        case .int(let range):
            if let number = Int(text) {
                guard range.contains(number) else {
                    throw failure("\(source) is \(number)", hint: "choose a number from \(range.lowerBound) to \(range.upperBound)")
                }
                return .int(number)
            }
        case .duration:
            do throws(JidokaError) {
                return .duration(try Duration.parse(text))
            } catch {
                throw failure("\(source): \(error.message)", hint: error.hint)
            }
        case .choice(let names):
            if names.contains(text) { return .string(text) }
            throw failure(
                "\(source) cannot be `\(text)`",
                hint: didYouMean(text, among: names) ?? "choose one of \(names.map { "`\($0)`" }.joined(separator: ", "))")
        }
        throw failure("\(source) cannot be `\(text)`", hint: "give \(Parser.wanted(flag.kind))")
    }

    private static func wanted(_ kind: Flag.Kind) -> String {
        switch kind {
        case .toggle: "`true` or `false`"
        case .int: "a whole number"
        case .double: "a number"
        case .string, .strings, .duration, .choice: "a value"
        }
    }

    private static func boolean(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "1", "true", "yes", "on": true
        case "0", "false", "no", "off": false
        default: nil
        }
    }

    // MARK: What is wrong

    private func failure(_ message: String, hint: String?) -> UsageError {
        UsageError(message: message, hint: hint, usage: command.usageLine(path: path))
    }

    private func didYouMean(_ typed: String, among names: [String]) -> String? {
        nearestName(to: typed, among: names).map { "did you mean `\($0)`?" }
    }

    private func commandsHint() -> String { "commands: \(command.subcommands.map { "`\($0.name)`" }.joined(separator: ", "))" }

    private func incomplete() -> UsageError { failure("`\(path.joined(separator: " "))` needs a command", hint: commandsHint()) }
}
