/// A scalar: its text, how it was written, and its explicit tag if it has one.
package struct YAMLScalar: Sendable, Hashable {
    package enum Style: Sendable, Hashable {
        case plain, singleQuoted, doubleQuoted, literal, folded
    }

    package var text: String
    package var style: Style
    /// In full (`tag:yaml.org,2002:str`) or as written when local (`!mine`); nil when the text decides.
    package var tag: String?

    package init(text: String, style: Style, tag: String? = nil) {
        self.text = text
        self.style = style
        self.tag = tag
    }
}

/// What a scalar means in the core schema of YAML 1.2 (section 10.3): `yes`, `no`, `on` and `off` are strings there.
package enum YAMLValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)

    package var kindWord: String {
        switch self {
        case .null: "nothing"
        case .bool: "a boolean"
        case .int: "an integer"
        case .double: "a number"
        case .string: "a text"
        }
    }
}

extension YAMLScalar {
    /// The typed value. An integer beyond Int64 becomes a double; a tag that contradicts the text leaves a string.
    package var value: YAMLValue {
        switch tag {
        case nil: return style == .plain ? YAMLScalar.resolve(text) : .string(text)
        case "tag:yaml.org,2002:null": return .null
        case "tag:yaml.org,2002:bool": if case .bool(let value) = YAMLScalar.resolve(text) { return .bool(value) }
        case "tag:yaml.org,2002:int": if let value = YAMLScalar.integer(text) { return value }
        case "tag:yaml.org,2002:float": if let value = YAMLScalar.number(text) { return .double(value) }
        default: break
        }
        return .string(text)
    }

    /// The core schema's table for plain scalars.
    static func resolve(_ text: String) -> YAMLValue {
        switch text {
        case "", "~", "null", "Null", "NULL": .null
        case "true", "True", "TRUE": .bool(true)
        case "false", "False", "FALSE": .bool(false)
        default: integer(text) ?? number(text).map(YAMLValue.double) ?? .string(text)
        }
    }

    /// `[-+]?[0-9]+`, `0o[0-7]+`, `0x[0-9a-fA-F]+`.
    private static func integer(_ text: String) -> YAMLValue? {
        if text.hasPrefix("0x") { return digits(text.dropFirst(2), radix: 16) }
        if text.hasPrefix("0o") { return digits(text.dropFirst(2), radix: 8) }
        let unsigned = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
        guard !unsigned.isEmpty, unsigned.utf8.allSatisfy(isDigit) else { return nil }
        return Int64(text).map(YAMLValue.int) ?? Double(text).map(YAMLValue.double)
    }

    private static func digits(_ text: Substring, radix: Int) -> YAMLValue? {
        guard let first = text.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: "+") else { return nil }
        return Int64(text, radix: radix).map(YAMLValue.int)
    }

    /// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`, `.inf`, `.nan`.
    private static func number(_ text: String) -> Double? {
        switch text {
        case ".nan", ".NaN", ".NAN": return .nan
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .infinity
        case "-.inf", "-.Inf", "-.INF": return -.infinity
        default: break
        }
        var rest = Substring(text).utf8
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        let whole = rest.prefix(while: isDigit)
        rest = rest.dropFirst(whole.count)
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            let fraction = rest.prefix(while: isDigit)
            rest = rest.dropFirst(fraction.count)
            if whole.isEmpty, fraction.isEmpty { return nil }
        } else if whole.isEmpty {
            return nil
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
            guard !rest.isEmpty, rest.allSatisfy(isDigit) else { return nil }
            rest = rest.dropFirst(rest.count)
        }
        guard rest.isEmpty else { return nil }
        return parseDouble(text)
    }

    /// `Double(_:)` refuses a leading or trailing point, which the core schema allows.
    private static func parseDouble(_ text: String) -> Double? {
        if let value = Double(text) { return value }
        var padded = ""
        var before: Character?
        for character in text {
            if before == ".", !character.isNumber { padded.append("0") }
            if character == ".", before?.isNumber != true { padded.append("0") }
            padded.append(character)
            before = character
        }
        if before == "." { padded.append("0") }
        return Double(padded)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}
