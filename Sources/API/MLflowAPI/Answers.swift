import HTTP
import JSON

/// Answers are written by hand into a byte writer: members in the order of MLflow's protocol buffers, absent and empty ones left out.
extension JSONWriter {
    mutating func member(_ name: String, _ text: String) {
        key(name)
        value(text)
    }

    mutating func member(_ name: String, _ number: Int64) {
        key(name)
        value(number)
    }

    mutating func member(_ name: String, ifPresent text: String?) {
        if let text { member(name, text) }
    }

    /// A list, left out when empty.
    mutating func list<Item>(_ name: String, _ items: [Item], _ write: (inout JSONWriter, Item) -> Void) {
        if items.isEmpty { return }
        key(name)
        beginArray()
        for item in items { write(&self, item) }
        endArray()
    }

    mutating func pair(_ key: String, _ value: String) {
        beginObject()
        member("key", key)
        member("value", value)
        endObject()
    }
}

extension HTTPResponse {
    /// What writes answer.
    static var empty: HTTPResponse { .json(Array("{}".utf8)) }

    /// One JSON object.
    static func object(capacity: Int = 512, _ write: (inout JSONWriter) -> Void) -> HTTPResponse {
        var writer = JSONWriter(capacity: capacity)
        writer.beginObject()
        write(&writer)
        writer.endObject()
        return .json(writer.bytes)
    }

    /// `{"<name>": {…}}`
    static func object(_ name: String, _ write: (inout JSONWriter) -> Void) -> HTTPResponse {
        .object { writer in
            writer.key(name)
            writer.beginObject()
            write(&writer)
            writer.endObject()
        }
    }
}
