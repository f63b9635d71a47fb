import Errors
import Testing
import YAML

struct YAMLReaderTests {
    private func failure(_ text: String, limits: YAMLLimits = YAMLLimits()) -> JidokaError? {
        do throws(JidokaError) {
            _ = try YAMLNode.parse(text, file: "line.yaml", limits: limits)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a document is a tree in the order of its text`() throws {
        let root = try YAMLNode.parse("b: 1\na:\n  - x\n  - {y: 2}\n")
        #expect(root.entries?.map(\.key) == ["b", "a"])
        #expect(root["b"]?.int == 1)
        #expect(root["a"]?.items?.first?.string == "x")
        #expect(root["a"]?.items?.last?["y"]?.int == 2)
        #expect(root["c"] == nil)
        #expect(root["b"]?["c"] == nil)
    }

    @Test func `every node knows its line and column`() throws {
        let root = try YAMLNode.parse("one: 1\ntwo:\n    - deep\n", file: "jidoka.yaml")
        #expect(root["two"]?.items?[0].mark == YAMLMark(file: "jidoka.yaml", line: 3, column: 7))
        #expect(root.entries?[1].keyMark.description == "jidoka.yaml:2:1")
    }

    @Test func `an empty text is null`() throws {
        #expect(try YAMLNode.parse("").isNull)
        #expect(try YAMLNode.parse("# only a comment\n").isNull)
    }

    @Test func `text styles are read as YAML says`() throws {
        let root = try YAMLNode.parse("a: |\n  two\n  lines\nb: >\n  folded\n  text\nc: 'it''s'\nd: \"tab\\t\"\n")
        #expect(root["a"]?.string == "two\nlines\n")
        #expect(root["a"]?.scalar?.style == .literal)
        #expect(root["b"]?.string == "folded text\n")
        #expect(root["c"]?.string == "it's")
        #expect(root["d"]?.string == "tab\t")
    }

    @Test func `an alias is the node that its anchor names`() throws {
        let root = try YAMLNode.parse("base: &b {x: 1}\nother: *b\n")
        #expect(root["other"]?["x"]?.int == 1)
    }

    @Test func `a merge key gives the entries that the mapping lacks`() throws {
        let root = try YAMLNode.parse("base: &b {x: 1, y: 2}\nmore: &m {z: 3, x: 9}\nuse:\n  <<: [*b, *m]\n  y: 5\n")
        #expect(root["use"]?["x"]?.int == 1)
        #expect(root["use"]?["y"]?.int == 5)
        #expect(root["use"]?["z"]?.int == 3)
    }

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3\n", "line.yaml:3:1: the key `a` is already given on line 1"),
        ("a: *nowhere\n", "line.yaml:1:4: unknown anchor `nowhere`"),
        ("a: &x [*x]\n", "line.yaml:1:8: unknown anchor `x`"),
        ("a: 1\n---\nb: 2\n", "line.yaml:2:1: a second document begins here"),
        ("[a]: 1\n", "line.yaml:1:1: a key must be a text, not a list"),
        ("use:\n  <<: 5\n", "line.yaml:2:7: `<<` merges a mapping, not an integer"),
    ])
    func `a document that means two things is refused where it happens`(text: String, message: String) {
        let error = failure(text)
        #expect(error?.code == .invalidArgument)
        #expect(error?.message == message)
        #expect(error?.hint != nil)
    }

    @Test(arguments: [
        ("a: [1, 2\nb: 3\n", 2), ("a: 'open\n", 2), ("\tx: 1\n", 1), ("a: b: c\n", 1), ("a:\n  - 1\n b: 2\n", 3), ("a: @x\n", 1),
        ("- a\nb: 1\n", 2),
    ])
    func `malformed text is refused with its line and a hint`(text: String, line: Int) throws {
        let error = try #require(failure(text))
        #expect(error.message.hasPrefix("line.yaml:\(line):"), "\(error.message)")
        #expect(error.message.contains("malformed YAML"))
        #expect(error.hint != nil)
        #expect(error.fields["line"] == String(line))
    }

    @Test func `bytes that are not UTF-8 are refused with their place`() throws {
        let bytes: [UInt8] = Array("a: 1\nb: ".utf8) + [0xFF, 0x0A]
        let error = #expect(throws: JidokaError.self) { try YAMLNode.parse(bytes, file: "line.yaml") }
        #expect(error?.message.hasPrefix("line.yaml:2:4: not valid UTF-8") == true, "\(error?.message ?? "")")
    }

    @Test func `a text that doubles itself with aliases is refused before it grows`() throws {
        var text = "a0: &a0 [x, x]\n"
        for level in 1...40 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        let error = try #require(failure(text))
        #expect(error.message.contains("more than 100000 nodes"))
    }

    @Test func `depth and size have limits`() throws {
        let deep = String(repeating: "[", count: 10) + String(repeating: "]", count: 10)
        #expect(failure(deep, limits: YAMLLimits(depth: 10)) == nil)
        #expect(try #require(failure(deep, limits: YAMLLimits(depth: 9))).message.contains("nested deeper than 9"))
        #expect(try #require(failure(String(repeating: "[", count: 100_000))).message.contains("nested deeper"))
        #expect(try #require(failure("abcdef", limits: YAMLLimits(bytes: 5))).message.contains("6 bytes"))
    }
}
