import Errors
import Testing

@testable import JSON

private func root(_ text: String) throws -> JSONCursor { try JSONDocument(Array(text.utf8)).root }

struct JSONDocumentTests {
    @Test(arguments: [false, true]) func `a document is walked by name and by element`(_ lenient: Bool) throws {
        let extra = lenient ? "NaN" : "0.5"
        let root = try root(
            #"{"name":"m","n":3,"big":18446744073709551615,"x":\#(extra),"yes":true,"no":false,"nil":null,"list":[1,[2],{"a":"é"}]}"#)
        #expect(root.kind == .object)
        #expect(root.count == 8)
        #expect(root["name"]?.string == "m")
        #expect(root["n"]?.int == 3)
        #expect(root["n"]?.double == 3)
        #expect(root["big"]?.double == 0x1p64)
        #expect(root["big"]?.int == nil)
        #expect(root["x"]?.double?.isNaN == lenient)
        #expect(root["yes"]?.bool == true)
        #expect(root["no"]?.bool == false)
        #expect(root["nil"]?.isNull == true)
        #expect(root["none"] == nil)
        #expect(root["name"]?["inner"] == nil)
        let list = try #require(root["list"])
        #expect(list.elements.map(\.kind) == [.int, .array, .object])
        #expect(list.elements[2]["a"]?.string == "é")
        #expect(list.value == [1, [2], ["a": "é"]])
        var names: [String] = []
        root.forEachMember { name, _ in names.append(name) }
        #expect(names == ["name", "n", "big", "x", "yes", "no", "nil", "list"])
    }

    @Test func `cursors keep their document alive while others are parsed`() throws {
        var cursors: [JSONCursor] = []
        for i in 0..<200 { cursors.append(try root("{\"i\":\(i),\"s\":\"text \(i)\"}")) }
        for (i, cursor) in cursors.enumerated() {
            #expect(cursor["i"]?.int == Int64(i))
            #expect(cursor["s"]?.string == "text \(i)")
        }
    }

    @Test(
        arguments: [
            ("[1, 2.5, -3]", [1, 2.5, -3], [3]), ("[[1,2,3],[4,5,6]]", [1, 2, 3, 4, 5, 6], [2, 3]),
            ("[[[1],[2]],[[3],[4]]]", [1, 2, 3, 4], [2, 2, 1]),
            ("7", [7], []), ("[]", [], [0]), ("[[],[]]", [], [2, 0]), ("[18446744073709551615]", [0x1p64], [1]),
            ("[1e300, 5e-324]", [1e300, .leastNonzeroMagnitude], [2]),
        ] as [(String, [Double], [Int])]) func `nested arrays of numbers are read in one go`(
            _ text: String, _ values: [Double], _ shape: [Int]
        ) throws
    {
        let tensor = try root(text).doubles()
        #expect(tensor.values == values)
        #expect(tensor.shape == shape)
        #expect(try root(text).floats().values == values.map { Float($0) })
        #expect(try root("[0.5,\(text)]").elements[1].doubles() == tensor)
    }

    @Test func `integers are exact and whole doubles are integers`() throws {
        #expect(try root("[9223372036854775807, -9223372036854775808, 2.0]").integers().values == [.max, .min, 2])
        for text in ["[1.5]", "[9223372036854775808]", "[1e300]"] { #expect(throws: JidokaError.self) { try root(text).integers() } }
    }

    @Test func `truth values are numbers only when asked for`() throws {
        #expect(try root("[[true],[false]]").integers(booleans: true) == JSONTensor(values: [1, 0], shape: [2, 1]))
        #expect(try root("[true, 2, false]").floats(booleans: true).values == [1, 2, 0])
        #expect(throws: JidokaError.self) { try root("[true]").floats() }
    }

    @Test(arguments: [
        "[[1,2],[3]]", "[[1],2]", "[1,[2]]", "[[[1]],[2]]", "[[1],[[2]]]", "[[],[1]]", "[[1],[]]", "[[],[[]]]", "[[[]],[1]]", "[1,\"2\"]",
        "[null]", "\"1\"",
        "{}", "[{}]", "[1,{}]", "null", "true",
    ]) func `ragged arrays and other values are refused`(_ text: String) throws {
        let root = try root(text)
        #expect(throws: JidokaError.self) { try root.doubles() }
        #expect(throws: JidokaError.self) { try root.integers() }
    }

    @Test func `NaN in a tensor is read through the lenient reader`() throws {
        let tensor = try root("[[1, NaN], [Infinity, -2]]").floats()
        #expect(tensor.shape == [2, 2])
        #expect(tensor.values[1].isNaN)
        #expect(tensor.values[2] == .infinity)
    }

    @Test func `a large tensor is read whole`() throws {
        var draws = Draws(state: 9)
        let rows = (0..<300).map { _ in (0..<700).map { _ in draws.finite() } }
        var writer = JSONWriter()
        writer.beginArray()
        for row in rows { writer.value(doubles: row) }
        writer.endArray()
        let tensor = try JSONDocument(writer.bytes).root.doubles()
        #expect(tensor.shape == [300, 700])
        #expect(tensor.values == rows.flatMap { $0 })
    }

    @Test func `many threads read at once`() async {
        await withTaskGroup(of: Bool.self) { group in
            for worker in 0..<16 {
                group.addTask {
                    for i in 0..<100 {
                        let text = "[\((0..<100).map { "\($0 + worker * i)" }.joined(separator: ","))]"
                        guard let values = try? root(text).integers().values, values[99] == Int64(99 + worker * i) else { return false }
                    }
                    return true
                }
            }
            for await right in group { #expect(right) }
        }
    }
}
