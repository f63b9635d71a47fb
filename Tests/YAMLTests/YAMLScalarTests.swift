import Errors
import Testing
import YAML

struct YAMLScalarTests {
    @Test(arguments: [
        ("~", YAMLValue.null), ("null", .null), ("''", .string("")), ("true", .bool(true)), ("False", .bool(false)),
        ("yes", .string("yes")), ("on", .string("on")), ("NO", .string("NO")),
        ("0", .int(0)), ("-12", .int(-12)), ("+7", .int(7)), ("0o17", .int(15)), ("0xFF", .int(255)), ("007", .int(7)),
        ("0x-1", .string("0x-1")),
        ("9223372036854775808", .double(9_223_372_036_854_775_808)),
        ("1.5", .double(1.5)), (".5", .double(0.5)), ("5.", .double(5)), ("1e3", .double(1_000)), ("-.inf", .double(-.infinity)),
        ("6.", .double(6)), ("-.25e1", .double(-2.5)), ("1.e2", .double(100)),
        (".", .string(".")), ("e5", .string("e5")), ("1e", .string("1e")), ("1.2.3", .string("1.2.3")), ("inf", .string("inf")),
        ("nan", .string("nan")),
        ("0x1p3", .string("0x1p3")), ("1_000", .string("1_000")), ("12:30", .string("12:30")), ("2026-11-21", .string("2026-11-21")),
        ("'5'", .string("5")), ("\"true\"", .string("true")), ("!!str 5", .string("5")), ("!!int '5'", .int(5)), ("!!float 5", .double(5)),
        ("!!bool maybe", .string("maybe")), ("!mine 5", .string("5")), ("! 5", .string("5")),
    ])
    func `plain scalars follow the core schema of YAML 1_2`(text: String, value: YAMLValue) throws {
        #expect(try YAMLNode.parse(text).scalar?.value == value)
    }

    @Test func `a not-a-number is a double`() throws { #expect(try YAMLNode.parse(".nan").double?.isNaN == true) }

    @Test func `integers serve as doubles and not the other way round`() throws {
        let root = try YAMLNode.parse("{a: 2, b: 2.0}")
        #expect(root["a"]?.double == 2)
        #expect(root["b"]?.int == nil)
    }

    @Test func `reading into values says what is wrong and where`() throws {
        let root = try YAMLNode.parse("rows: many\nversion: 1.10\nshare: 1.5\nempty:\nflag: yes\n", file: "l.yaml")
        #expect(try root.require("version", of: "the line").requireText("version") == "1.10")
        let wrong = #expect(throws: JidokaError.self) { try root.require("rows", of: "the line").requireInt("`rows`") }
        #expect(wrong?.message == "l.yaml:1:7: `rows` must be an integer, not a text")
        let outside = #expect(throws: JidokaError.self) { try root.require("share", of: "the line").requireDouble("`share`", in: 0...1) }
        #expect(outside?.message == "l.yaml:3:8: `share` is 1.5, outside 0.0...1.0")
        let absent = #expect(throws: JidokaError.self) { try root.require("empty", of: "the line") }
        #expect(absent?.message == "l.yaml:1:1: the line has no `empty`")
        let notBool = #expect(throws: JidokaError.self) { try root.require("flag", of: "the line").requireBool("`flag`") }
        #expect(notBool?.hint == "write `true` or `false`")
    }

    @Test func `an unknown key is refused with the nearest known one`() throws {
        let root = try YAMLNode.parse("name: x\npipelin: {}\n", file: "l.yaml")
        let error = #expect(throws: JidokaError.self) { try root.refuseUnknownKeys(known: ["name", "pipeline"], in: "the line") }
        #expect(error?.message == "l.yaml:2:1: the line has no key `pipelin`")
        #expect(error?.hint == "did you mean `pipeline`?")
        try root.refuseUnknownKeys(known: ["name", "pipelin"], in: "the line")
    }
}
