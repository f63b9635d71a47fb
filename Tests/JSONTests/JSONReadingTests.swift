import Errors
import Testing

@testable import JSON

/// Pads a text with spaces, so that it is long enough for the fast path.
private func padded(_ text: String) -> String { text + String(repeating: " ", count: 300) }

private func lenient(_ text: String, depth: Int = 128) throws -> JSONValue {
    try Array(text.utf8).withUnsafeBufferPointer { buffer in
        var reader = LenientReader(buffer, maximumDepth: depth)
        return try reader.document()
    }
}

private func refusal(_ text: String) -> JidokaError? {
    do {
        _ = try JSONValue.parse(text)
        return nil
    } catch { return error as? JidokaError }
}

struct JSONReadingTests {
    @Test(
        arguments: [
            ("null", JSONValue.null), ("true", true), ("false", false), ("0", 0), ("-0", 0), ("-12", -12), ("1.5", 1.5),
            ("-0.0", .double(-0.0)),
            ("1e3", 1000.0), ("1E-2", 0.01), ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
            ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("18446744073709551615", .double(0x1p64)),
            ("123456789012345678901234567890", .double(123_456_789_012_345_677_877_719_597_056)), ("\"\"", ""), ("[]", []), ("{}", [:]),
            (#""a\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00\u0000""#, "a\"\\/\u{8}\u{c}\n\r\tA\u{e9}😀\0"),
            ("[1, [2, {\"a\": [3]}], null]", [1, [2, ["a": [3]]], nil]),
            ("{\"b\":1,\"a\":2,\"b\":3}", .object(JSONObject([("b", 1), ("a", 2), ("b", 3)]))), (" \t\r\n [ 1 ] \n", [1]),
            ("\"日本語 ñ\"", "日本語 ñ"), ("{\"\":{}}", ["": [:]]),
        ] as [(String, JSONValue)]) func `every kind of value is read, short and long, by both readers`(_ text: String, _ value: JSONValue)
        throws
    {
        #expect(try JSONValue.parse(text) == value)
        #expect(try JSONValue.parse(padded(text)) == value)
        #expect(try lenient(text) == value)
        #expect(try JSONDocument(Array(text.utf8)).root.value == value)
    }

    @Test func `NaN and the infinities are read as clients send them`() throws {
        for text in ["[NaN, Infinity, -Infinity, 1]", padded("[NaN, Infinity, -Infinity, 1]")] {
            let values = try #require(JSONValue.parse(text).arrayValue)
            #expect(values[0].doubleValue?.isNaN == true)
            #expect(values[1] == .double(.infinity))
            #expect(values[2] == .double(-.infinity))
            #expect(values[3] == 1)
        }
    }

    @Test(arguments: [
        "", " ", "nul", "tru", "truee", "True", "'a'", "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x10", "--1", "1 2", "[", "]", "[1",
        "[1,", "[1,]",
        "[,1]", "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:2}", "{\"a\" 1}", "[1}", "{\"a\":1]",
        "\"", "\"a",
        "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"a\nb\"", "\"\u{1}\"", "\"\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\\ud800\\ud800\"", "nan", "-NaN", "Infinit", "-Inf", "//1", "1//", "/**/1", "[1]]", "{}{}", "\u{FEFF}1", "1,", "[1 2]",
        "\"a\" \"b\"",
    ]) func `malformed texts are refused, short and long, by both readers`(_ text: String) {
        for text in [text, padded(text)] {
            #expect(refusal(text)?.code == .invalidArgument, "`\(text)` was read")
            #expect(throws: JidokaError.self) { try lenient(text) }
            #expect(throws: JidokaError.self) { try JSONDocument(Array(text.utf8)) }
        }
    }

    @Test func `the error names the byte`() {
        #expect(refusal("[1, 2, x]")?.message.contains("byte 7") == true)
        #expect(refusal(padded("[1, 2, x]"))?.message.contains("byte 7") == true)
        #expect(refusal("{\"a\" 1}")?.hint != nil)
    }

    @Test(
        arguments: [
            [0xFF], [0xC0, 0x80], [0xC3], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80], [0xF0, 0x8F, 0xBF, 0xBF],
        ] as [[UInt8]]) func `strings that are not UTF-8 are refused`(_ broken: [UInt8])
    {
        for padding in [0, 300] {
            let text: [UInt8] = [0x5B, 0x22, 0x61] + broken + [0x22, 0x5D] + [UInt8](repeating: 0x20, count: padding)
            #expect(throws: JidokaError.self) { try JSONValue.parse(text) }
            #expect(throws: JidokaError.self) { try JSONDocument(text) }
            let key: [UInt8] = [0x7B, 0x22] + broken + [0x22, 0x3A, 0x31, 0x7D] + [UInt8](repeating: 0x20, count: padding)
            #expect(throws: JidokaError.self) { try JSONValue.parse(key) }
        }
    }

    @Test(arguments: [1, 5, 127, 128]) func `nesting is bounded`(_ limit: Int) throws {
        func nested(_ depth: Int, _ open: String, _ close: String, _ inner: String = "") -> String {
            String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)
        }
        for pad in [false, true] {
            let good = nested(limit + 1, "[", "]")
            let bad = nested(limit + 2, "[", "]")
            let scalar = nested(limit, "[", "]", "1")
            let badScalar = nested(limit + 1, "[", "]", "1")
            let badObject = nested(limit + 1, "{\"a\":", "}", "1")
            #expect(throws: Never.self) { try JSONValue.parse(pad ? padded(good) : good, maximumDepth: limit) }
            #expect(throws: Never.self) { try JSONValue.parse(pad ? padded(scalar) : scalar, maximumDepth: limit) }
            for text in [bad, badScalar, badObject] {
                #expect(throws: JidokaError.self) { try JSONValue.parse(pad ? padded(text) : text, maximumDepth: limit) }
            }
        }
    }

    @Test func `a million brackets are refused, not followed`() {
        #expect(throws: JidokaError.self) { try JSONValue.parse(String(repeating: "[", count: 1_000_000)) }
        #expect(throws: JidokaError.self) { try JSONValue.parse(String(repeating: "{\"a\":", count: 1_000_000)) }
        #expect(throws: JidokaError.self) { try JSONDocument(Array(repeating: 0x5B, count: 1_000_000)) }
    }
}
