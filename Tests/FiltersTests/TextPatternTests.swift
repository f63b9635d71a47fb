import Errors
import Filters
import Testing

@Suite struct TextPatternTests {
    @Test(arguments: [
        ("abc", "xabcx", true), ("^abc", "xabc", false), ("abc$", "abcx", false), ("^$", "", true), ("a.c", "a\nc", false),
        ("a|bc", "xbc", true), ("(ab)+c", "ababc", true), ("^(ab)*$", "aba", false), ("a{2,3}", "a aa", true), ("^a{2,3}$", "aaaa", false),
        ("a{,2}b", "b", true), ("^[a-c]+$", "abcabc", true), ("[^a-c]", "abc", false), (#"^\d{4}-\d\d$"#, "2026-11", true),
        (#"\bcat\b"#, "a cat!", true),
        (#"\bcat\b"#, "concat", false), ("(?i)HELLO", "say hello", true), ("hello", "HELLO", false), (#"\."#, "a.b", true),
        ("ä+", "Bäär", true),
        ("(?:a|b)*?c", "abac", true), ("[]x]", "]", true), (#"[\w-]+@"#, "a-b@c", true), ("x*", "", true), ("(a*)*b", "aaaaab", true),
        ("{", "{", true),
    ]) func `a pattern matches as it does elsewhere`(pattern: String, text: String, wanted: Bool) throws {
        #expect(try TextPattern(pattern).isFound(in: text) == wanted, "\(pattern) in \(text)")
    }

    @Test(arguments: ["(", ")", "a)", "[a", "*a", "a{3,2}", #"\"#, "(?=a)", #"\1"#, "[z-a]", "((((a{999}){999}){999}){999}"])
    func `what is not regular or too large is refused`(pattern: String) {
        #expect(throws: JidokaError.self) { try TextPattern(pattern) }
    }

    /// Backtracking engines need time exponential in the length for these.
    @Test func `evil patterns end`() throws {
        let text = String(repeating: "a", count: 2_000)
        #expect(try !TextPattern("(a*)*b").isFound(in: text))
        #expect(try !TextPattern("(a|aa)+$b").isFound(in: text))
        #expect(try !TextPattern("^(a+)+[^a]$").isFound(in: text))
    }
}
