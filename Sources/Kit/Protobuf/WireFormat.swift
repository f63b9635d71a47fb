import Errors

/// How a field's value lies in the bytes (protobuf.dev/programming-guides/encoding). Groups are not spoken: proto3 has none.
package enum WireType: UInt8, Sendable {
    case varint = 0
    case fixed64 = 1
    case bytes = 2
    case fixed32 = 5
}

/// The head of one field.
package struct WireField: Sendable, Equatable {
    /// 1...536,870,911
    package var number: Int
    package var type: WireType

    package init(_ number: Int, _ type: WireType) {
        self.number = number
        self.type = type
    }
}

/// Bounds of one message with everything inside it; a message that breaks one is refused, never cut.
package struct WireLimits: Sendable {
    /// Messages inside messages.
    package var depth: Int
    /// Fields in all, at every depth: bounds the work that a small body can ask for.
    package var fields: Int

    package init(depth: Int = 32, fields: Int = 10_000_000) {
        self.depth = depth
        self.fields = fields
    }
}

enum WireError {
    static func malformed(_ what: String, at offset: Int) -> JidokaError {
        .invalidArgument("malformed protobuf at byte \(offset): \(what)", hint: "send one message in protobuf's binary form")
    }

    static func tooMuch(_ what: String) -> JidokaError {
        .invalidArgument("the protobuf message has \(what)", hint: "send less in one message")
    }
}
