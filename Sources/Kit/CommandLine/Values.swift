/// What the parser understood. Asking for a name that the command does not declare is a programmer's mistake and stops the program.
package struct Values: Sendable {
    package enum Value: Sendable, Hashable {
        case toggle(Bool)
        case string(String)
        case int(Int)
        case double(Double)
        case duration(Duration)
        case strings([String])
    }

    /// Where a value came from, weakest first.
    package enum Origin: Sendable, Hashable {
        case `default`, environment, flag
    }

    var flags: [String: (value: Value, origin: Origin)] = [:]
    var positionals: [String: [String]] = [:]
    var declared: Set<String> = []

    /// Whether a toggle is on.
    package func isOn(_ name: String) -> Bool { if case .toggle(true) = value(name) { true } else { false } }

    package func string(_ name: String) -> String { present(name, optionalString(name)) }
    package func int(_ name: String) -> Int { present(name, optionalInt(name)) }
    package func double(_ name: String) -> Double { present(name, optionalDouble(name)) }
    package func duration(_ name: String) -> Duration { present(name, optionalDuration(name)) }

    package func optionalString(_ name: String) -> String? { if case .string(let value) = value(name) { value } else { nil } }
    package func optionalInt(_ name: String) -> Int? { if case .int(let value) = value(name) { value } else { nil } }
    package func optionalDouble(_ name: String) -> Double? { if case .double(let value) = value(name) { value } else { nil } }
    package func optionalDuration(_ name: String) -> Duration? { if case .duration(let value) = value(name) { value } else { nil } }
    /// All values of a repeatable flag, in order.
    package func strings(_ name: String) -> [String] { if case .strings(let value) = value(name) { value } else { [] } }

    /// A required positional.
    package func argument(_ name: String) -> String { present(name, optionalArgument(name)) }
    package func optionalArgument(_ name: String) -> String? { arguments(name).first }
    /// The positionals that were left.
    package func arguments(_ name: String) -> [String] {
        precondition(declared.contains(name), "the command declares no positional `\(name)`")
        return positionals[name] ?? []
    }

    /// Where the value of a flag came from; nil when it has none. Settings files rank between `default` and `environment`.
    package func origin(_ name: String) -> Origin? {
        precondition(declared.contains("--" + name), "the command declares no flag `--\(name)`")
        return flags[name]?.origin
    }

    private func value(_ name: String) -> Value? {
        precondition(declared.contains("--" + name), "the command declares no flag `--\(name)`")
        return flags[name]?.value
    }

    private func present<T>(_ name: String, _ value: T?) -> T {
        guard let value else { preconditionFailure("`\(name)` has no value: give it a default or ask for the optional") }
        return value
    }
}
