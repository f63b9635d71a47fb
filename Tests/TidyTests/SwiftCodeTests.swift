import Testing

struct SwiftCodeTests {
    @Test(arguments: [
        ("let a = 1 // two", "let a = 1"), ("let a = \"x\\\"y\" + b", "let a =        + b"),
        ("let a = \"\\(b + \"c\")d\"", "let a =   (b +    )"),
        ("/* a\n{ */ x", "\n     x"), ("#if os(Linux)", "#if os(Linux)"), ("let r = ##\"a\"#b\"## + c", "let r =            + c"),
        ("f(\"\\(g(1))\", h)", "f(  (g(1)) , h)"),
    ])
    func `comments and strings are blanked and the rest stays in its place`(source: String, code: String) {
        let lines = SwiftCode(source).lines.map { line in String(line.reversed().drop { $0 == " " }.reversed()) }
        #expect(lines.joined(separator: "\n") == code)
    }

    @Test func `multiline strings keep their lines`() {
        let code = SwiftCode("let a = \"\"\"\n    { \"quoted\" } \\(b)\n    \"\"\"\nlet c = 2")
        #expect(code.lines.count == 4)
        #expect(code.lines[1].firstRange(of: "{") == nil)
        #expect(code.lines[1].firstRange(of: "(b)") != nil)
        #expect(code.lines[3] == "let c = 2")
    }

    @Test func `a body ends at its own brace`() {
        let code = SwiftCode("func a(\n    b: [Int] = [],\n    c: () -> Void = {}\n)\nasync {\n    if x { y() }\n}\nfunc d() {}\n")
        #expect(code.body(ofDeclarationAt: 1)?.lastLine == 7)
        #expect(code.body(ofDeclarationAt: 8)?.lineCount == 1)
        #expect(SwiftCode("protocol P {\n    func a()\n}\n").body(ofDeclarationAt: 2) == nil)
    }
}
