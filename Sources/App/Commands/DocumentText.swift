import CommandLine
import JSON

extension Console {
    /// The document as JSON with `--json`, else as text.
    func show(_ document: JSONValue, _ values: Values, as text: (JSONValue) -> String) {
        write(values.isOn("json") ? document.text + "\n" : text(document))
    }

    /// `text` in green for a yes, in red for a no.
    func marked(_ text: String, _ yes: Bool) -> String { styled(text, yes ? .green : .red) }
}

/// Documents of the API as cells and sentences.
extension JSONValue {
    /// What stands for nothing.
    static let absent = "–"

    func at(_ path: String...) -> JSONValue? {
        var value: JSONValue? = self
        for key in path { value = value?[key] }
        // `nil` would be the JSON value null here.
        return value?.isNull == false ? value : Optional.none
    }

    /// Text as it is, numbers with at most four decimals.
    var cell: String {
        switch self {
        case .null: JSONValue.absent
        case .string(let text): text
        case .bool(let flag): flag ? "yes" : "no"
        case .double(let number): JSONValue.number(number)
        case .int, .array, .object: text
        }
    }

    func cell(_ key: String) -> String { self[key]?.cell ?? JSONValue.absent }
    func string(_ key: String) -> String { self[key]?.stringValue ?? self[key].map { $0.isNull ? "" : $0.cell } ?? "" }
    func list(_ key: String) -> [JSONValue] { self[key]?.arrayValue ?? [] }
    func flag(_ key: String) -> Bool { self[key]?.boolValue ?? false }

    /// `208,892`
    func count(_ key: String) -> String { self[key]?.intValue.map { HumanText.count($0) } ?? JSONValue.absent }
    func bytes(_ key: String) -> String { self[key]?.intValue.map { HumanText.bytes($0) } ?? JSONValue.absent }
    func percent(_ key: String) -> String { self[key]?.doubleValue.map { HumanText.fixed($0 * 100, 1) + " %" } ?? JSONValue.absent }

    /// `2026-11-21 00:48:34Z` of `2026-11-21T00:48:34.123456Z`.
    func clock(_ key: String) -> String {
        guard let text = self[key]?.stringValue, text.count >= 19 else { return cell(key) }
        return text.prefix(10) + " " + text.dropFirst(11).prefix(8) + "Z"
    }

    /// The first 12 digits of a digest.
    func short(_ key: String) -> String { self[key]?.stringValue.map { String($0.prefix(12)) } ?? JSONValue.absent }

    /// Four decimals, fewer where they are zeros, and powers of ten for what would vanish.
    static func number(_ value: Double) -> String {
        if value != 0, value.magnitude < 0.0005 { return scientific(value) }
        var text = HumanText.fixed(value, 4)
        guard text.contains(".") else { return text }
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }

    /// `1.3e-7`
    private static func scientific(_ value: Double) -> String {
        guard value.isNormal else { return value.description }
        var power = 0
        var digits = value.magnitude
        while digits < 1 {
            digits *= 10
            power -= 1
        }
        return "\(value < 0 ? "-" : "")\(HumanText.fixed(digits, 1))e\(power)"
    }
}

/// A table, or a sentence in its stead.
func tableText(_ columns: [Table.Column], _ rows: [[String]], empty: String) -> String {
    if rows.isEmpty { return empty + "\n" }
    var table = Table(columns)
    for row in rows { table.add(row) }
    return table.render()
}

/// `name: value` lines with the values in one column.
func factsText(_ facts: [(String, String)]) -> String {
    let width = facts.map { displayWidth($0.0) }.max() ?? 0
    return facts.map { name, value in name + String(repeating: " ", count: width - displayWidth(name) + 2) + value + "\n" }.joined()
}

/// `1 row`, `2 rows`.
func counted(_ count: Int, _ noun: String) -> String { "\(HumanText.count(Int64(count))) \(noun)\(count == 1 ? "" : "s")" }

extension Table.Column {
    static func right(_ title: String) -> Table.Column { Table.Column(title, .right) }
    static func left(_ title: String) -> Table.Column { Table.Column(title) }
}
