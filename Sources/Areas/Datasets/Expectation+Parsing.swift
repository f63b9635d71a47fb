import Errors
package import JSON

extension Expectation {
    /// Every name of the vocabulary, with the arguments that it takes (a `?` marks optional ones).
    package static let vocabulary: [(name: String, arguments: [String])] = [
        ("columns_exist", ["columns"]), ("column_type", ["column", "type"]), ("not_null", ["column"]), ("unique", ["column"]),
        ("between", ["column", "min?", "max?"]), ("in_set", ["column", "values"]), ("matches", ["column", "regex"]),
        ("row_count_between", ["min?", "max?"]), ("mean_between", ["column", "min?", "max?"]),
        ("median_between", ["column", "min?", "max?"]),
        ("stdev_between", ["column", "min?", "max?"]), ("null_share_at_most", ["column", "max"]),
        ("distinct_count_between", ["column", "min?", "max?"]),
    ]

    private static let rowLevelNames: Set<String> = ["not_null", "unique", "between", "in_set", "matches"]

    /// An expectation as a suite file writes it: `between: {column: AGEP, min: 0, max: 120, mostly: 0.99}`.
    /// - Throws: `invalid_argument` that names the nearest known name, or the argument that is wrong, missing or unknown.
    package init(name: String, arguments: JSONObject) throws {
        guard let entry = Expectation.vocabulary.first(where: { $0.name == name }) else {
            let names = Expectation.vocabulary.map(\.name)
            let near = nearestName(to: name, among: names).map { "did you mean `\($0)`? " } ?? ""
            throw JidokaError.invalidArgument("unknown expectation `\(name)`", hint: near + "known are: " + names.joined(separator: ", "))
        }
        let reader = ArgumentReader(name: name, arguments: arguments)
        var allowed = entry.arguments.map { $0.hasSuffix("?") ? String($0.dropLast()) : $0 } + ["severity"]
        if Expectation.rowLevelNames.contains(name) { allowed.append("mostly") }
        try reader.refuseUnknown(allowed: allowed)
        let column = allowed.contains("column") ? try reader.text("column") : nil
        self.init(
            try Expectation.rule(name, reader), column: column, mostly: try reader.share("mostly") ?? 1, severity: try reader.severity())
    }

    private static func rule(_ name: String, _ reader: ArgumentReader) throws -> Rule {
        switch name {
        case "columns_exist": .columnsExist(try reader.texts("columns"))
        case "column_type": .columnType(try reader.kind())
        case "not_null": .notNull
        case "unique": .unique
        case "between": .between(try reader.interval())
        case "in_set": .inSet(try reader.members())
        case "matches": .matches(try reader.text("regex"))
        case "row_count_between": .rowCount(try reader.interval())
        case "mean_between": .mean(try reader.interval())
        case "median_between": .median(try reader.interval())
        case "stdev_between": .deviation(try reader.interval())
        case "null_share_at_most": .nullShareAtMost(try reader.requiredShare("max"))
        case "distinct_count_between": .distinctCount(try reader.interval())
        default: throw JidokaError.internal("the expectation `\(name)` has no reader")
        }
    }
}

/// Reads the arguments of one expectation, with errors that name it.
private struct ArgumentReader {
    let name: String
    let arguments: JSONObject
    private static let membersMax = 10_000

    private func wrong(_ what: String, _ hint: String) -> JidokaError { .invalidArgument("`\(name)`: \(what)", hint: hint) }

    func refuseUnknown(allowed: [String]) throws {
        for key in arguments.keys where !allowed.contains(key) {
            let near = nearestName(to: key, among: allowed).map { "did you mean `\($0)`? " } ?? ""
            throw wrong("unknown argument `\(key)`", near + "it takes: " + allowed.joined(separator: ", "))
        }
    }

    func text(_ key: String) throws -> String {
        guard let value = arguments[key] else { throw wrong("`\(key)` is missing", "add `\(key): …`") }
        guard let text = value.stringValue, !text.isEmpty else { throw wrong("`\(key)` must be a text", "write the value in quotes") }
        return text
    }

    func texts(_ key: String) throws -> [String] {
        guard let items = arguments[key]?.arrayValue, !items.isEmpty else {
            throw wrong("`\(key)` must be a list of names", "write `\(key): [a, b]`")
        }
        return try items.map { item in
            guard let text = item.stringValue else { throw wrong("`\(key)` must be a list of names", "write `\(key): [a, b]`") }
            return text
        }
    }

    func kind() throws -> ColumnKind {
        let text = try text("type")
        let known = ColumnKind.allCases.filter { $0 != .other }
        guard let kind = known.first(where: { $0.rawValue == text }) else {
            throw wrong("unknown type `\(text)`", "choose one of: " + known.map(\.rawValue).joined(separator: ", "))
        }
        return kind
    }

    private func number(_ key: String) throws -> Double? {
        guard let value = arguments[key], !value.isNull else { return nil }
        guard let number = value.doubleValue, !number.isNaN else { throw wrong("`\(key)` must be a number", "write `\(key): 0`") }
        return number
    }

    func interval() throws -> Expectation.Interval {
        let interval = Expectation.Interval(min: try number("min"), max: try number("max"))
        guard interval.min != nil || interval.max != nil else {
            throw wrong("neither `min` nor `max` is given", "give at least one of them")
        }
        if let min = interval.min, let max = interval.max, min > max { throw wrong("`min` is above `max`", "exchange them") }
        return interval
    }

    func share(_ key: String) throws -> Double? {
        guard let share = try number(key) else { return nil }
        guard (0...1).contains(share) else { throw wrong("`\(key)` must be a share", "write a number between 0 and 1") }
        return share
    }

    func requiredShare(_ key: String) throws -> Double {
        guard let share = try share(key) else { throw wrong("`\(key)` is missing", "write a number between 0 and 1") }
        return share
    }

    func members() throws -> [Expectation.SetMember] {
        guard let items = arguments["values"]?.arrayValue, !items.isEmpty else {
            throw wrong("`values` must be a list", "write `values: [a, b]`")
        }
        guard items.count <= ArgumentReader.membersMax else {
            throw wrong("`values` holds more than \(ArgumentReader.membersMax)", "use `matches`")
        }
        return try items.map { item in
            switch item {
            case .string(let text): .text(text)
            case .bool(let flag): .flag(flag)
            case .int, .double: .number(item.doubleValue ?? .nan)
            default: throw wrong("`values` may hold texts, numbers and true or false only", "write `values: [a, b]`")
            }
        }
    }

    func severity() throws -> Expectation.Severity {
        guard let value = arguments["severity"] else { return .error }
        guard let severity = value.stringValue.flatMap(Expectation.Severity.init(rawValue:)) else {
            throw wrong("`severity` must be `error` or `warning`", "leave it out for `error`")
        }
        return severity
    }
}
