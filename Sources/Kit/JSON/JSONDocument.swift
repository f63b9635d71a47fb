import Errors

/// A parsed JSON text that is walked where it lies, without a tree of values: for hot paths and for large arrays of numbers.
///
/// The memory lives as long as the document or any cursor into it. The text itself is not needed any more.
package final class JSONDocument: @unchecked Sendable {  // nothing changes after `init`
    private let parser: JSONParser?
    private let ownWords: UnsafeMutableBufferPointer<UInt64>?
    private let ownStrings: UnsafeMutableBufferPointer<UInt8>?
    let tape: JSONTape

    /// Reads one JSON text as `JSONValue.parse` does, NaN and the infinities included; nested at most 128 deep.
    /// - Throws: `invalid_argument` with the byte offset.
    package init(_ bytes: [UInt8]) throws {
        if let parser = JSONParser.take() {
            if bytes.withUnsafeBufferPointer(parser.parse) {
                self.parser = parser
                ownWords = nil
                ownStrings = nil
                tape = parser.tape
                return
            }
            parser.giveBack()
        }
        let value = try bytes.withUnsafeBufferPointer { buffer in
            var reader = LenientReader(buffer, maximumDepth: JSONParser.depth)
            return try reader.document()
        }
        let built = TapeBuilder(value)
        let words = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: built.words.count)
        let strings = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, built.strings.count))
        _ = words.initialize(from: built.words)
        _ = strings.initialize(from: built.strings)
        parser = nil
        ownWords = words
        ownStrings = strings
        tape = JSONTape(words: UnsafePointer(words.baseAddress!), strings: UnsafePointer(strings.baseAddress!))
    }

    deinit {
        parser?.giveBack()
        ownWords?.deallocate()
        ownStrings?.deallocate()
    }

    package var root: JSONCursor { JSONCursor(document: self, at: 1) }
}

/// One value of a document.
package struct JSONCursor: Sendable {
    let document: JSONDocument
    let at: Int

    package enum Kind: Sendable {
        case null, bool, int, double, string, array, object
    }

    package var kind: Kind {
        switch document.tape.token(at) {
        case JSONTape.Token.null: .null
        case JSONTape.Token.yes, JSONTape.Token.no: .bool
        case JSONTape.Token.int: .int
        case JSONTape.Token.unsigned, JSONTape.Token.double: .double
        case JSONTape.Token.string: .string
        case JSONTape.Token.array: .array
        default: .object
        }
    }

    package var isNull: Bool { kind == .null }
    package var bool: Bool? { kind == .bool ? document.tape.token(at) == JSONTape.Token.yes : nil }
    package var string: String? { kind == .string ? document.tape.string(at) : nil }

    /// Integers, and doubles that are whole numbers.
    package var int: Int64? {
        switch kind {
        case .int: document.tape.int(at)
        case .double: double.flatMap { Int64(exactly: $0) }
        default: nil
        }
    }

    package var double: Double? {
        switch document.tape.token(at) {
        case JSONTape.Token.int: Double(document.tape.int(at))
        case JSONTape.Token.unsigned: Double(document.tape.unsigned(at))
        case JSONTape.Token.double: document.tape.double(at)
        default: nil
        }
    }

    /// The first member of that name; nil when this is no object.
    package subscript(key: String) -> JSONCursor? {
        guard kind == .object else { return nil }
        let tape = document.tape
        var place = at + 1
        while tape.token(place) != JSONTape.Token.objectEnd {
            if same(tape.utf8(place), key) { return JSONCursor(document: document, at: place + 1) }
            place = tape.next(place + 1)
        }
        return nil
    }

    private func same(_ bytes: UnsafeBufferPointer<UInt8>, _ key: String) -> Bool {
        let utf8 = key.utf8
        return utf8.count == bytes.count && utf8.elementsEqual(bytes)
    }

    /// Elements of an array in order; does nothing for other kinds.
    package func forEachElement(_ body: (JSONCursor) throws -> Void) rethrows {
        guard kind == .array else { return }
        var place = at + 1
        while document.tape.token(place) != JSONTape.Token.arrayEnd {
            try body(JSONCursor(document: document, at: place))
            place = document.tape.next(place)
        }
    }

    /// Members of an object in order; does nothing for other kinds.
    package func forEachMember(_ body: (String, JSONCursor) throws -> Void) rethrows {
        guard kind == .object else { return }
        let tape = document.tape
        var place = at + 1
        while tape.token(place) != JSONTape.Token.objectEnd {
            try body(tape.string(place), JSONCursor(document: document, at: place + 1))
            place = tape.next(place + 1)
        }
    }

    /// Elements or members; 0 for other kinds.
    package var count: Int {
        guard kind == .array || kind == .object else { return 0 }
        let known = document.tape.count(at)
        guard known == JSONTape.countMax else { return known }
        var exact = 0
        forEachElement { _ in exact += 1 }
        forEachMember { _, _ in exact += 1 }
        return exact
    }

    package var elements: [JSONCursor] {
        var all: [JSONCursor] = []
        all.reserveCapacity(document.tape.count(at))
        forEachElement { all.append($0) }
        return kind == .array ? all : []
    }

    /// This value and all below it as a tree.
    package var value: JSONValue {
        var walk = TapeWalk(document.tape, maximumDepth: .max, at: at)
        return walk.document() ?? .null
    }
}
