import Testing

@testable import JSON

/// SplitMix64, so that every run sees the same values.
struct Draws {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

    mutating func double() -> Double {
        switch below(4) {
        case 0: return Double(bitPattern: next()).isFinite ? Double(bitPattern: state) : 0.1
        case 1: return Double(below(2_000_000) - 1_000_000) / 1_000
        case 2: return Double(Int64(bitPattern: next()) >> 20)
        default: return Double(below(1_000)) * 1e-7
        }
    }

    mutating func finite() -> Double {
        let value = double()
        return value.isFinite ? value : 0.5
    }

    mutating func text() -> String {
        let alphabet: [Character] = [
            "a", "\"", "\\", "\n", "\t", "\r", "\u{1}", "\u{1f}", "\u{7f}", "é", "日", "😀", "/", " ", "\0", "\u{2028}",
        ]
        return String((0..<below(12)).map { _ in alphabet[below(alphabet.count)] })
    }

    mutating func value(depth: Int) -> JSONValue {
        switch below(depth > 5 ? 6 : 8) {
        case 0: return .null
        case 1: return .bool(next() & 1 == 0)
        case 2: return .int(Int64(bitPattern: next()) >> Int64(below(64)))
        case 3: return .double(finite())
        case 4, 5: return .string(text())
        case 6: return .array((0..<below(6)).map { _ in value(depth: depth + 1) })
        default: return .object(JSONObject((0..<below(6)).map { _ in (key: text(), value: value(depth: depth + 1)) }))
        }
    }
}

struct JSONRoundTripTests {
    @Test(arguments: 0..<8) func `what is written is read back by all readers`(_ seed: UInt64) throws {
        var draws = Draws(state: seed)
        for _ in 0..<250 {
            let value = draws.value(depth: 0)
            let bytes = value.serialized
            #expect(try JSONValue.parse(bytes) == value)
            #expect(try JSONValue.parse(bytes + [UInt8](repeating: 0x20, count: 300)) == value)
            let document = try JSONDocument(bytes)
            #expect(document.root.value == value)
            #expect(document.root.value.serialized == bytes)
        }
    }

    @Test(arguments: 0..<8) func `a damaged text is read alike or refused alike by both readers`(_ seed: UInt64) throws {
        var draws = Draws(state: seed &+ 1_000)
        for _ in 0..<250 {
            var bytes = draws.value(depth: 0).serialized
            for _ in 0...draws.below(2) where !bytes.isEmpty {
                let at = draws.below(bytes.count)
                switch draws.below(3) {
                case 0: bytes[at] = UInt8(truncatingIfNeeded: draws.next())
                case 1: bytes.remove(at: at)
                default: bytes.insert(Array("\"\\{}[],:0-.eu".utf8)[draws.below(13)], at: at)
                }
            }
            let long = bytes + [UInt8](repeating: 0x20, count: 300)
            let strict = Result { try JSONValue.parse(long) }
            let lenient = Result {
                try long.withUnsafeBufferPointer { buffer in
                    var reader = LenientReader(buffer, maximumDepth: 128)
                    return try reader.document()
                }
            }
            switch (strict, lenient) {
            case (.success(let a), .success(let b)): #expect(a.serialized == b.serialized)
            case (.failure, .failure): break
            default: Issue.record("the readers disagree about \(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }

    @Test func `doubles are written as Swift describes them and read back the same`() throws {
        var draws = Draws(state: 3)
        let special: [Double] = [
            0, -0.0, 1, -1, 0.1, 1e-4, 9.9e-5, 1e15, 1e16, 0x1p53, 0x1p54, 0x1p55, Double.leastNonzeroMagnitude, .greatestFiniteMagnitude,
            1e22, 123456.789,
        ]
        for value in special + (0..<20_000).map({ _ in draws.finite() }) {
            var writer = JSONWriter()
            writer.value(value)
            #expect(writer.text == value.description)
            #expect(Double(writer.text)?.bitPattern == value.bitPattern)
        }
    }

    @Test func `floats are written as Swift describes them and read back the same`() {
        var draws = Draws(state: 4)
        let special: [Float] = [0, -0.0, 1, 0.1, 3.14, 1e-4, 0x1p24, 0x1p25, 0x1p26, Float.leastNonzeroMagnitude, .greatestFiniteMagnitude]
        let random = (0..<20_000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: draws.next())) }.filter(\.isFinite)
        for value in special + random {
            var writer = JSONWriter()
            writer.value(float: value)
            #expect(writer.text == value.description)
        }
    }

    @Test func `bulk arrays are the same as one by one`() throws {
        var draws = Draws(state: 5)
        for count in [0, 1, 2, 3, 500, 5_000] {
            let doubles = (0..<count).map { _ in draws.finite() }
            let integers = (0..<count).map { _ in Int64(bitPattern: draws.next()) >> Int64(draws.below(64)) } + [.min, .max, 0]
            let floats = doubles.map { Float($0).isFinite ? Float($0) : 1 }
            var bulk = JSONWriter()
            bulk.beginObject()
            bulk.key("d")
            bulk.value(doubles: doubles)
            bulk.key("i")
            bulk.value(integers: integers)
            bulk.key("f")
            bulk.value(floats: floats)
            bulk.endObject()
            let expected: JSONValue = ["d": .array(doubles.map(JSONValue.double)), "i": .array(integers.map(JSONValue.int))]
            let text = String(expected.text.dropLast())
            #expect(bulk.text.hasPrefix(text))
            let back = try JSONDocument(bulk.bytes).root
            #expect(try back["d"]?.doubles().values == doubles)
            #expect(try back["i"]?.integers().values == integers)
            #expect(try back["f"]?.floats().values == floats)
        }
    }

    @Test func `numbers without a JSON form become strings`() {
        var writer = JSONWriter()
        writer.value(doubles: [.nan, .infinity, -.infinity, 1])
        #expect(writer.text == #"["NaN","Infinity","-Infinity",1.0]"#)
        var floats = JSONWriter()
        floats.value(floats: [.nan, -.infinity, 0.5])
        #expect(floats.text == #"["NaN","-Infinity",0.5]"#)
        var one = JSONWriter()
        one.value(Double.nan)
        #expect(one.text == #""NaN""#)
    }

    @Test func `objects, arrays and raw values are joined by commas`() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("a\n")
        writer.beginArray()
        writer.value(1)
        writer.value("x\u{1}\"\\")
        writer.null()
        writer.value(true)
        writer.endArray()
        writer.key("b")
        writer.raw(Array("{\"c\":2}".utf8))
        writer.key("d")
        writer.value(integers: [])
        writer.endObject()
        #expect(writer.text == #"{"a\n":[1,"x\u0001\"\\",null,true],"b":{"c":2},"d":[]}"#)
    }
}
