import Testing

struct BannedCodeTests {
    private func rules(_ path: String, _ text: String) -> [String] {
        let file = TextFile(path: path, text: text)
        return (BannedCode.violations(file) + BannedCode.emptyCatches(path: path, code: file.code)).map(\.rule)
    }

    @Test(arguments: [
        ("let now = Date()", "clock"), ("try await Task.sleep(for: .seconds(1))", "clock"), ("let t = DispatchTime.now()", "clock"),
        ("usleep(5)", "sleep"), ("Glibc.sleep(1); sleep(1)", "sleep"), ("Thread.sleep(forTimeInterval: 1)", "sleep"),
        ("let id = UUID()", "ids"),
        ("let x = Int.random(in: 0..<5)", "randomness"), ("xs.shuffled()", "randomness"), ("print(x)", "print"),
        ("let x = try! f()", "try!"),
        ("let x = y as! Int", "as!"), ("fatalError()", "fatalError"), ("final class A: @unchecked Sendable {}", "@unchecked Sendable"),
        ("nonisolated(unsafe) var x = 1", "nonisolated(unsafe)"), ("public struct A {}", "public"), ("open class A {}", "public"),
        ("do { try f() } catch {}", "empty catch"), ("do { try f() } catch {\n    // nothing\n}", "empty catch"),
        ("let s = \"\\(Date())\"", "clock"),
    ])
    func `banned code is found`(text: String, rule: String) { #expect(rules("Sources/Areas/Tracking/A.swift", text) == [rule]) }

    @Test(arguments: [
        "// let now = Date()", "let text = \"print(x) Date() try!\"", "let raw = #\"a \"quoted\" UUID()\"#",
        "try await time.sleep(for: .seconds(1))",
        "func sleep(for duration: Duration) async throws", "blueprint(x)", "let openRequests = 3", "xs.shuffled(using: &random)",
        "do { try f() } catch { throw JidokaError.wrapping(error) }", "/* a /* nested */ print(x) */ let y = 1",
        "let text = \"\"\"\n  \"print(x)\"\n  \"\"\"",
        "let a = b as? Int", "updateDate(x)", "if c == open { }",
    ])
    func `what only looks like it is not`(text: String) { #expect(rules("Sources/Areas/Tracking/A.swift", text) == []) }

    @Test func `Clockwork may ask the system and Kit may say why`() {
        #expect(rules("Sources/Kit/Clockwork/A.swift", "try await Task.sleep(for: x)") == [])
        #expect(rules("Sources/Kit/SQL/A.swift", "final class A: @unchecked Sendable {}") == ["@unchecked Sendable"])
        #expect(rules("Sources/Kit/SQL/A.swift", "final class A: @unchecked Sendable {}  // SQLite's own lock guards it") == [])
        #expect(rules("Sources/Kit/SQL/A.swift", "// the driver has a lock\nnonisolated(unsafe) let x = y") == [])
        #expect(rules("Sources/Backends/SQLStores/A.swift", "// a reason\nnonisolated(unsafe) let x = y") == ["nonisolated(unsafe)"])
    }

    @Test func `an allowance needs a path, a rule and a reason`() {
        let list = Allowances("# comment\nSources/A.swift | clock | measures itself\nSources/B.swift | clock\n")
        #expect(list.entries == [Allowances.Entry(line: 2, path: "Sources/A.swift", rule: "clock", reason: "measures itself")])
        #expect(list.malformed.map(\.line) == [3])
        #expect(list.allows(Violation(file: "Sources/A.swift", line: 9, rule: "clock", what: "")))
        #expect(!list.allows(Violation(file: "Sources/A.swift", line: 9, rule: "sleep", what: "")))
    }

    // MARK: The repository itself

    @Test func `no source holds banned code without an allowance, and every allowance is needed`() throws {
        let list = Allowances(try Repository.text(Allowances.file))
        expectNone(list.malformed)
        let found = Repository.sources.flatMap { file in
            BannedCode.violations(file) + (file.mentions("catch") ? BannedCode.emptyCatches(path: file.path, code: file.code) : [])
        }
        expectNone(found.filter { !list.allows($0) })
        for entry in list.entries where !found.contains(where: { $0.file == entry.path && $0.rule == entry.rule }) {
            Issue.record("\(Allowances.file):\(entry.line): nothing in \(entry.path) needs `\(entry.rule)` any more: remove the line")
        }
    }
}
