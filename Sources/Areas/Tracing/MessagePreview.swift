import JSON

/// The few words of a request or an answer that lists show: of a conversation the last message, of anything else its text.
enum MessagePreview {
    static func of(_ value: JSONValue, role: String) -> String {
        let text = AttributeText.dump(value)
        let object = value.stringValue.map(AttributeText.load) ?? value
        return TracingLimits.preview(messages(in: object).flatMap { content(of: last($0, role: role)) } ?? text)
    }

    /// OpenAI's chat requests (`messages`) and answers (`choices`), and its responses (`input`, `output`).
    private static func messages(in value: JSONValue) -> [JSONValue]? {
        if let messages = value["messages"]?.arrayValue, !messages.isEmpty { return messages.filter(isMessage) }
        if let message = value["choices"]?[0]?["message"], isMessage(message) { return [message] }
        for key in ["input", "output"] {
            if let items = value[key]?.arrayValue, !items.isEmpty { return items.filter(isMessage) }
        }
        if let request = value["request"], request["request"] == nil { return messages(in: request) }
        return nil
    }

    private static func isMessage(_ value: JSONValue) -> Bool { value["role"] != nil && value["content"] != nil }

    private static func last(_ messages: [JSONValue], role: String) -> JSONValue? {
        messages.last { $0["role"]?.stringValue == role } ?? messages.last
    }

    private static func content(of message: JSONValue?) -> String? {
        switch message?["content"] {
        case .string(let text)?: return text
        case .array(let parts)?:
            return parts.lazy.compactMap { part in
                ["text", "output_text", "input_text"].contains(part["type"]?.stringValue) ? part["text"]?.stringValue : nil
            }.first
        default: return nil
        }
    }
}
