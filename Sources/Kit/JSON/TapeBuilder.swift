/// Lays a value out as a tape, for documents that only the lenient reader understands.
struct TapeBuilder {
    private(set) var words: [UInt64] = []
    private(set) var strings: [UInt8] = []

    init(_ value: JSONValue) {
        words = [UInt64(JSONTape.Token.root) << 56]
        add(value)
        words[0] |= UInt64(words.count + 1)
        words.append(UInt64(JSONTape.Token.root) << 56)
    }

    private mutating func add(_ value: JSONValue) {
        switch value {
        case .null: put(JSONTape.Token.null)
        case .bool(let flag): put(flag ? JSONTape.Token.yes : JSONTape.Token.no)
        case .int(let number): put(JSONTape.Token.int, UInt64(bitPattern: number))
        case .double(let number): put(JSONTape.Token.double, number.bitPattern)
        case .string(let text): put(text)
        case .array(let items):
            let start = begin()
            for item in items { add(item) }
            end(start, items.count, JSONTape.Token.array, JSONTape.Token.arrayEnd)
        case .object(let object):
            let start = begin()
            for (key, item) in object {
                put(key)
                add(item)
            }
            end(start, object.count, JSONTape.Token.object, JSONTape.Token.objectEnd)
        }
    }

    private mutating func put(_ token: UInt8, payload: UInt64 = 0) { words.append(UInt64(token) << 56 | payload) }

    private mutating func put(_ token: UInt8, _ bits: UInt64) {
        put(token)
        words.append(bits)
    }

    private mutating func put(_ text: String) {
        put(JSONTape.Token.string, payload: UInt64(strings.count))
        let utf8 = Array(text.utf8)
        withUnsafeBytes(of: UInt32(utf8.count)) { strings.append(contentsOf: $0) }
        strings.append(contentsOf: utf8)
        strings.append(0)
    }

    private mutating func begin() -> Int {
        words.append(0)
        return words.count - 1
    }

    private mutating func end(_ start: Int, _ count: Int, _ open: UInt8, _ close: UInt8) {
        put(close, payload: UInt64(start))
        words[start] = UInt64(open) << 56 | UInt64(min(count, JSONTape.countMax)) << 32 | UInt64(words.count)
    }
}
