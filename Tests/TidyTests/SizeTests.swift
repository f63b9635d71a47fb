import Testing

struct SizeTests {
    private func function(lines: Int) -> String {
        "struct S {\n    func long(\n        a: Int\n    ) -> Int {\n" + String(repeating: "        work(\"}\") // }\n", count: lines - 4)
            + "    }\n}\n"
    }

    @Test func `a function of 70 lines passes and one of 71 does not`() {
        #expect(SizeRules.functionLength(path: "a.swift", code: SwiftCode(function(lines: 70))).isEmpty)
        let found = SizeRules.functionLength(path: "a.swift", code: SwiftCode(function(lines: 71)))
        #expect(found.map(\.description) == ["a.swift:2: `long` has 71 lines, at most 70: split it"])
    }

    @Test func `initialisers count and requirements without a body do not`() {
        let lines = String(repeating: "        x()\n", count: 80)
        #expect(SizeRules.functionLength(path: "a", code: SwiftCode("    package init(a: Int) throws {\n\(lines)    }\n")).count == 1)
        #expect(
            SizeRules.functionLength(
                path: "a", code: SwiftCode("protocol P {\n    func a()\n    var b: Int { get }\n}\nfunc c() {\n\(lines)}\n")
            ).count == 1)
        #expect(SizeRules.functionLength(path: "a", code: SwiftCode("    func a() -> Int { 5 }\n    let t = [\n\(lines)    ]\n")).isEmpty)
    }

    @Test func `a protocol of 13 requirements is refused`() {
        func proto(_ count: Int) -> SwiftCode {
            let requirements = (0..<count).map { "    /// Text.\n    func f\($0)(\n        a: Int\n    ) async throws\n" }.joined()
            return SwiftCode("package protocol Store: Sendable {\n    // one\n\(requirements)}\nfunc other() {}\n")
        }
        #expect(SizeRules.requirements(path: "a", code: proto(12)).isEmpty)
        #expect(
            SizeRules.requirements(path: "a", code: proto(13)).map(\.what) == [
                "protocol `Store` has 13 requirements, at most 12: split it by role"
            ])
    }

    @Test func `long files and lines are refused where they become too long`() {
        let file = TextFile(path: "a.swift", text: String(repeating: "x\n", count: 601))
        #expect(SizeRules.fileLength(file, max: 600).map(\.line) == [601])
        #expect(SizeRules.fileLength(file, max: 601).isEmpty)
        let wide = TextFile(
            path: "a.swift", text: "short\n" + String(repeating: "é", count: 140) + "\n" + String(repeating: "x", count: 141))
        #expect(SizeRules.lineLength(wide).map(\.line) == [3])
    }

    // MARK: The repository itself

    @Test func `files have their size`() {
        expectNone(Repository.sources.flatMap { SizeRules.fileLength($0, max: SizeRules.sourceLinesMax) })
        expectNone(Repository.tests.flatMap { SizeRules.fileLength($0, max: SizeRules.testLinesMax) })
    }

    @Test func `files above 400 lines are named as smells`() {
        let smells = Repository.sources.flatMap { SizeRules.fileLength($0, max: SizeRules.sourceLinesSmell) }
        for smell in smells { Issue.record("\(smell) (a smell, no failure)", severity: .warning) }
    }

    @Test func `lines, functions and protocols have their size`() {
        for file in Repository.sources + Repository.tests {
            expectNone(SizeRules.lineLength(file))
            let code = file.code
            expectNone(SizeRules.functionLength(path: file.path, code: code))
            expectNone(SizeRules.requirements(path: file.path, code: code))
        }
    }
}
