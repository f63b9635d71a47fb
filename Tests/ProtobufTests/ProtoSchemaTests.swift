import Errors
import JSON
import Protobuf
import Testing

struct ProtoSchemaTests {
    private static let text = """
        // A comment.
        syntax = "proto3";
        package shop;
        enum Size { SMALL = 0; LARGE = 2; }
        message Order {
          message Line { string name = 1; repeated int64 counts = 2; Size size = 3; }
          repeated Line lines = 1;
          map<string, Line> by_name = 2;
          map<int32, string> notes = 3;
          oneof price { double exact = 4; bool free = 5; }
          bytes seal = 16;
          sint = 1
        }
        """

    private func schema(_ text: String = ProtoSchemaTests.text.replacing("  sint = 1\n", with: "")) throws -> ProtoSchema {
        try ProtoSchema(file: "shop.proto", text: text.utf8)
    }

    private func decode(_ schema: ProtoSchema, _ bytes: [UInt8]) throws -> JSONValue {
        .object(try bytes.withUnsafeBufferPointer { try schema.decode("shop.Order", $0) })
    }

    @Test func `a message goes to bytes and back`() throws {
        let schema = try schema()
        let order: JSONObject = [
            "lines": [["name": "tea", "counts": [3, -1, 300], "size": "LARGE"], [:]], "by_name": ["x": ["name": "x"], "empty": [:]],
            "notes": ["7": "seven"], "free": false, "seal": "AAEC",
        ]
        #expect(try decode(schema, try schema.encode("shop.Order", order)) == .object(order))
    }

    /// Bytes as Python's protobuf 7.36 writes them.
    @Test func `packed and single numbers are both read`() throws {
        let schema = try schema()
        let packed: [UInt8] = [0x0A, 0x06, 0x12, 0x04, 0x03, 0xAC, 0x02, 0x01]
        let single: [UInt8] = [0x0A, 0x07, 0x10, 0x03, 0x10, 0xAC, 0x02, 0x10, 0x01]
        let wanted: JSONValue = ["lines": [["counts": [3, 300, 1]]]]
        #expect(try decode(schema, packed) == wanted)
        #expect(try decode(schema, single) == wanted)
    }

    @Test func `of a oneof the last case counts`() throws {
        let bytes: [UInt8] = [0x28, 0x01, 0x21, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F]
        #expect(try decode(try schema(), bytes) == ["exact": 1.0])
    }

    @Test func `an unknown field is passed over and an unknown case stays a number`() throws {
        #expect(try decode(try schema(), [0x0A, 0x02, 0x18, 0x09, 0xF8, 0x07, 0x01]) == ["lines": [["size": 9]]])
    }

    @Test func `a value of another wire type is the sender's mistake`() throws {
        let schema = try schema()
        for bytes: [UInt8] in [[0x08, 0x01], [0x25, 0, 0, 0, 0], [0x10, 0x01], [0x0A, 0x02, 0x0A, 0x05]] {
            let error = #expect(throws: JidokaError.self) { try decode(schema, bytes) }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func `a value that does not fit its field is ours`() throws {
        let schema = try schema()
        for wrong: JSONObject in [["lines": "x"], ["exact": "1"], ["lines": [["size": "HUGE"]]], ["notes": [1]], ["seal": "%"]] {
            let error = #expect(throws: JidokaError.self) { try schema.encode("shop.Order", wrong) }
            #expect(error?.code == .internal)
        }
    }

    @Test func `a mistake in the file is told with its line`() throws {
        let error = #expect(throws: JidokaError.self) { try schema(ProtoSchemaTests.text) }
        #expect(error?.message.hasPrefix("shop.proto, line 12:") == true, "\(error?.message ?? "")")
        for wrong in ["message A { B b = 1; }", "message A { string a = 1; string b = 1; }", "import \"x\";", "message A {"] {
            #expect(throws: JidokaError.self) { try schema("syntax = \"proto3\";" + wrong) }
        }
    }

    @Test func `symbols are found by their full names`() throws {
        let schema = try ProtoSchema(
            file: "a.proto", text: "package a.b; message M {} service S { rpc Go(M) returns (stream M); }".utf8)
        for symbol in ["a.b.M", "a.b.S", "a.b.S.Go"] { #expect(schema.declares(symbol)) }
        for symbol in ["M", "a.b", "a.b.S.Stop"] { #expect(!schema.declares(symbol)) }
        #expect(schema.services[0].methods[0].streamsOutput && !schema.services[0].methods[0].streamsInput)
    }
}
