/// A parsed document in simdjson's form (its `doc/tape.md`): one 64-bit word a token, the kind in the upper 8 bits. Numbers have a second
/// word with their bits; a container's first word holds the place after its end (32 bits) and its count (24 bits, saturated); a string's
/// word its place in the string buffer, where a 32-bit length stands before the bytes.
struct JSONTape {
    let words: UnsafePointer<UInt64>
    let strings: UnsafePointer<UInt8>

    enum Token {
        static let string = UInt8(ascii: "\"")
        static let object = UInt8(ascii: "{")
        static let objectEnd = UInt8(ascii: "}")
        static let array = UInt8(ascii: "[")
        static let arrayEnd = UInt8(ascii: "]")
        static let int = UInt8(ascii: "l")
        static let unsigned = UInt8(ascii: "u")
        static let double = UInt8(ascii: "d")
        static let yes = UInt8(ascii: "t")
        static let no = UInt8(ascii: "f")
        static let null = UInt8(ascii: "n")
        static let root = UInt8(ascii: "r")
    }

    static let countMax = 0xFF_FFFF

    func token(_ at: Int) -> UInt8 { UInt8(truncatingIfNeeded: words[at] >> 56) }

    /// The place after the value that begins at `at`.
    func next(_ at: Int) -> Int {
        switch token(at) {
        case Token.object, Token.array: Int(words[at] & 0xFFFF_FFFF)
        case Token.int, Token.unsigned, Token.double: at + 2
        default: at + 1
        }
    }

    /// Elements or members; at `countMax` there may be more.
    func count(_ at: Int) -> Int { Int(words[at] >> 32) & JSONTape.countMax }

    func int(_ at: Int) -> Int64 { Int64(bitPattern: words[at + 1]) }
    func unsigned(_ at: Int) -> UInt64 { words[at + 1] }
    func double(_ at: Int) -> Double { Double(bitPattern: words[at + 1]) }

    func utf8(_ at: Int) -> UnsafeBufferPointer<UInt8> {
        let start = strings + Int(words[at] & 0xFF_FFFF_FFFF_FFFF)
        let count = UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)
        return UnsafeBufferPointer(start: start + 4, count: Int(count))
    }

    func string(_ at: Int) -> String { String(decoding: utf8(at), as: UTF8.self) }
}

/// Builds values from a tape.
struct TapeWalk {
    private let tape: JSONTape
    private let maximumDepth: Int
    private var at = 1

    init(_ tape: JSONTape, maximumDepth: Int, at: Int = 1) {
        self.tape = tape
        self.maximumDepth = maximumDepth
        self.at = at
    }

    /// Nil when it is nested too deep: the lenient reader says where.
    mutating func document() -> JSONValue? { value(depth: 0) }

    private mutating func value(depth: Int) -> JSONValue? {
        guard depth <= maximumDepth else { return nil }
        let start = at
        at += 1
        switch tape.token(start) {
        case JSONTape.Token.object: return object(start, depth)
        case JSONTape.Token.array: return array(start, depth)
        case JSONTape.Token.string: return .string(tape.string(start))
        case JSONTape.Token.yes: return .bool(true)
        case JSONTape.Token.no: return .bool(false)
        case JSONTape.Token.null: return .null
        case JSONTape.Token.int:
            at += 1
            return .int(tape.int(start))
        case JSONTape.Token.unsigned:
            at += 1
            return .double(Double(tape.unsigned(start)))
        default:
            at += 1
            return .double(tape.double(start))
        }
    }

    private mutating func object(_ start: Int, _ depth: Int) -> JSONValue? {
        var members: [(key: String, value: JSONValue)] = []
        members.reserveCapacity(tape.count(start))
        while tape.token(at) != JSONTape.Token.objectEnd {
            let key = tape.string(at)
            at += 1
            guard let value = value(depth: depth + 1) else { return nil }
            members.append((key: key, value: value))
        }
        at += 1
        return .object(JSONObject(members))
    }

    private mutating func array(_ start: Int, _ depth: Int) -> JSONValue? {
        var items: [JSONValue] = []
        items.reserveCapacity(tape.count(start))
        while tape.token(at) != JSONTape.Token.arrayEnd {
            guard let value = value(depth: depth + 1) else { return nil }
            items.append(value)
        }
        at += 1
        return .array(items)
    }
}
