import Errors

extension JSONValue {
    /// Reads one JSON text (RFC 8259) with the extensions that clients send: the bare tokens NaN, Infinity and -Infinity.
    ///
    /// Long texts go through simdjson; what it refuses is read again by the lenient reader, which knows the extensions and says where
    /// and why a text is malformed. Both give the same values.
    /// - Throws: `invalid_argument` with the byte offset; nesting deeper than `maximumDepth` is refused.
    package static func parse(_ bytes: some Collection<UInt8>, maximumDepth: Int = 128) throws -> JSONValue {
        let array = Array(bytes)
        return try array.withUnsafeBufferPointer { buffer in
            if buffer.count >= fastBytes, maximumDepth <= JSONParser.depth, let parser = JSONParser.take() {
                defer { parser.giveBack() }
                if parser.parse(buffer) {
                    var walk = TapeWalk(parser.tape, maximumDepth: maximumDepth)
                    if let value = walk.document() { return value }
                }
            }
            var reader = LenientReader(buffer, maximumDepth: maximumDepth)
            return try reader.document()
        }
    }

    package static func parse(_ text: String, maximumDepth: Int = 128) throws -> JSONValue {
        try parse(text.utf8, maximumDepth: maximumDepth)
    }

    /// Below this the lenient reader is as fast.
    private static let fastBytes = 256
}
