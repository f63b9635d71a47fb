/// One command of a command line: a row of the table from which parsing, help, completion and the reference page come.
///
/// A command either has subcommands or takes positionals. The flags of a command hold for everything below it.
package struct Command: Sendable {
    /// What runs a command: values in, text out through the console.
    package typealias Body = @Sendable (Values, any Console) async throws -> ExitStatus

    package var name: String
    /// One line: lower case, without a full stop.
    package var help: String
    /// Further paragraphs for `--help`, and examples.
    package var details: String
    package var flags: [Flag]
    package var positionals: [Positional]
    package var subcommands: [Command]
    /// Nil for a command that only groups others.
    package var body: Body?

    package init(
        _ name: String, _ help: String, details: String = "", flags: [Flag] = [], positionals: [Positional] = [], body: @escaping Body
    ) {
        self.name = name
        self.help = help
        self.details = details
        self.flags = flags
        self.positionals = positionals
        self.subcommands = []
        self.body = body
    }

    /// A noun with its verbs.
    package init(_ name: String, _ help: String, details: String = "", flags: [Flag] = [], subcommands: [Command]) {
        self.name = name
        self.help = help
        self.details = details
        self.flags = flags
        self.positionals = []
        self.subcommands = subcommands
        self.body = nil
    }
}

/// A named option: `--port 5000`, `--port=5000`, `-p 5000`; switches are `--json` and `--no-json`.
package struct Flag: Sendable {
    package enum Kind: Sendable, Hashable {
        /// On or off; off by default.
        case toggle
        case string
        case int(ClosedRange<Int>)
        case double
        /// `10s`, `5m`: see `Duration.parse`.
        case duration
        case choice([String])
        /// May be given many times.
        case strings
    }

    package var name: String
    package var short: Character?
    package var kind: Kind
    /// As it would be typed; nil when absence means something of its own.
    package var defaultText: String?
    /// The environment variable that is read when the flag is not given.
    package var environment: String?
    package var help: String
    /// What stands for the value in help: `DIR`; by default the kind's own word.
    package var valueName: String

    package init(
        _ name: String, short: Character? = nil, _ kind: Kind = .string, default defaultText: String? = nil, env environment: String? = nil,
        value valueName: String? = nil, _ help: String
    ) {
        self.name = name
        self.short = short
        self.kind = kind
        self.defaultText = defaultText
        self.environment = environment
        self.help = help
        self.valueName = valueName ?? kind.word
    }

    package static func int(
        _ name: String, short: Character? = nil, in range: ClosedRange<Int> = .min ... .max, default value: Int? = nil,
        env environment: String? = nil, _ help: String
    ) -> Flag {
        Flag(name, short: short, .int(range), default: value.map { String($0) }, env: environment, help)
    }

    package static func toggle(_ name: String, short: Character? = nil, env environment: String? = nil, _ help: String) -> Flag {
        Flag(name, short: short, .toggle, env: environment, help)
    }
}

extension Flag.Kind {
    package var word: String {
        switch self {
        case .toggle: ""
        case .string, .strings: "TEXT"
        case .int, .double: "N"
        case .duration: "DURATION"
        case .choice(let names): names.joined(separator: "|")
        }
    }
}

/// An argument without a name, in its order.
package struct Positional: Sendable {
    package enum Count: Sendable {
        case required, optional
        /// All that are left, none included; only as the last one.
        case rest
    }

    package var name: String
    package var count: Count
    package var help: String

    package init(_ name: String, _ help: String, _ count: Count = .required) {
        self.name = name
        self.count = count
        self.help = help
    }

    /// `NAME`, `[NAME]` or `[NAME...]`.
    package var usage: String {
        switch count {
        case .required: name.uppercased()
        case .optional: "[\(name.uppercased())]"
        case .rest: "[\(name.uppercased())...]"
        }
    }
}

/// How the program ended, for the shell.
package enum ExitStatus: Int32, Sendable {
    case ok = 0
    case failed = 1
    case usage = 2
    /// The work was done and the answer is no: a gate, a check or a validation did not pass.
    case notPassed = 3
}
