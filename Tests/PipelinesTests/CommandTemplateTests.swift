import Errors
import Pipelines
import Testing

struct CommandTemplateTests {
    @Test(arguments: [
        ("python train.py", ["python", "train.py"]),
        ("  a \t b\nc  ", ["a", "b", "c"]),
        ("a 'b c' d", ["a", "b c", "d"]),
        ("a \"b c\" d", ["a", "b c", "d"]),
        ("a b\\ c", ["a", "b c"]),
        ("--x='1 2'y", ["--x=1 2y"]),
        ("''", [""]),
        ("a '' b", ["a", "", "b"]),
        ("'a\\b'", ["a\\b"]),
        ("\"a\\b\"", ["a\\b"]),
        (#""a\"b\\c\$d""#, [#"a"b\c$d"#]),
        (#"a\"b"#, [#"a"b"#]),
        ("\"it's\" 'a\"b'", ["it's", "a\"b"]),
        ("echo $(rm -rf /); ls | cat > x && y", ["echo", "$(rm", "-rf", "/);", "ls", "|", "cat", ">", "x", "&&", "y"]),
        ("run ${params.x} '${data.census}'", ["run", "${params.x}", "${data.census}"]),
        ("データ 表", ["データ", "表"]),
    ])
    func `words are split as a POSIX shell splits them`(text: String, words: [String]) throws {
        #expect(try CommandTemplate.words(text) == words)
    }

    @Test(arguments: ["", "   ", "a 'b", "a \"b", "a \\"])
    func `an empty command and an open quote are refused`(text: String) {
        let error = #expect(throws: JidokaError.self) { try CommandTemplate.words(text) }
        #expect(error?.code == .invalidArgument)
    }

    @Test(arguments: [
        "two words", "it's", "\"quoted\"", "; rm -rf /", "$(reboot)", "`reboot`", "a\nb", "${run.id}", "--flag", "", "*", "\\",
    ])
    func `a value stays inside its word, whatever it holds`(value: String) throws {
        let words = try CommandTemplate.words("train --name ${params.name} 'x ${params.name} y' last").map {
            try CommandTemplate.fill($0, ["params.name": value, "run.id": "r1"])
        }
        #expect(words == ["train", "--name", value, "x \(value) y", "last"])
    }

    @Test func `several values in one word are filled from left to right`() throws {
        let values = ["a": "1", "b": "${a}", "c.d": "3"]
        #expect(try CommandTemplate.fill("${a}-${b}-${c.d}$ {a} $x", values) == "1-${a}-3$ {a} $x")
    }

    @Test func `an unknown name is refused with the nearest known one`() {
        let error = #expect(throws: JidokaError.self) { try CommandTemplate.fill("${params.tree}", ["params.trees": "1"]) }
        #expect(error?.message == "`${params.tree}` is not known")
        #expect(error?.hint == "did you mean `${params.trees}`?")
        #expect(throws: JidokaError.self) { try CommandTemplate.fill("${params.trees", ["params.trees": "1"]) }
    }
}
