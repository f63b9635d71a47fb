package import JSON

/// Attribute values as clients of MLflow keep them: the JSON text of the value, with a space after `,` and `:` and bare `NaN`, because
/// clients compare and show these texts (`{"x": 3}`).
package enum AttributeText {
    package static func dump(_ value: JSONValue) -> String {
        var bytes: [UInt8] = []
        append(value, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The value that a text stands for; a text that is no JSON stands for itself.
    package static func load(_ text: String) -> JSONValue { (try? JSONValue.parse(text)) ?? .string(text) }

    private static func append(_ value: JSONValue, to bytes: inout [UInt8]) {
        switch value {
        case .double(let number) where !number.isFinite:
            bytes.append(contentsOf: (number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity").utf8)
        case .null, .bool, .int, .double, .string: bytes.append(contentsOf: value.serialized)
        case .array(let items):
            bytes.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { bytes.append(contentsOf: ", ".utf8) }
                append(item, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in object.enumerated() {
                if index > 0 { bytes.append(contentsOf: ", ".utf8) }
                bytes.append(contentsOf: JSONValue.string(member.key).serialized)
                bytes.append(contentsOf: ": ".utf8)
                append(member.value, to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }
}
