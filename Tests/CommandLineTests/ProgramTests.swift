import CommandLine
import Errors
import FoundationEssentials
import Glibc
import Testing

struct ProgramTests {
    private func program(_ body: @escaping Command.Body) -> Program {
        Program(
            Command(
                "sample", "a sample", flags: [.toggle("json", "print JSON")],
                subcommands: [
                    Command("work", "do it", details: "Twice if needed.", flags: [.int("times", default: 2, "how often")], body: body)
                ]),
            version: "1.2.3")
    }

    @Test func `a command writes to the console that it is given and its status is the program's`() async {
        let console = MemoryConsole()
        let status = await program { values, console in
            console.line("times \(values.int("times"))")
            return .notPassed
        }.run(["work"], environment: [:], console: console)
        #expect(status == .notPassed)
        #expect(status.rawValue == 3)
        #expect(console.output == "times 2\n")
        #expect(console.error == "")
    }

    @Test func `an error is told with its hint and ends with status one`() async {
        let console = MemoryConsole()
        let status = await program { _, _ in throw JidokaError.notFound("no dataset `x`", hint: "run `sample data list`") }
            .run(["work"], environment: [:], console: console)
        #expect(status == .failed)
        #expect(console.error == "sample: no dataset `x`\n  hint: run `sample data list`\n")
        #expect(console.output == "")
    }

    @Test func `a wrong word ends with status two and shows the usage`() async {
        let console = MemoryConsole()
        let status = await program { _, _ in .ok }.run(["work", "--time", "3"], environment: [:], console: console)
        #expect(status == .usage)
        #expect(console.error == "sample: unknown flag `--time`\n  hint: did you mean `--times`?\n  usage: sample work [flags]\n")
    }

    @Test func `help and version go to standard output`() async {
        let console = MemoryConsole()
        let nothing = program { _, _ in .ok }
        #expect(await nothing.run(["--version"], environment: [:], console: console) == .ok)
        #expect(console.output == "sample 1.2.3\n")
        #expect(await nothing.run([], environment: [:], console: console) == .ok)
        #expect(console.output.contains("usage: sample [flags] COMMAND"))
        #expect(await nothing.run(["work", "-h"], environment: [:], console: console) == .ok)
        #expect(console.output.contains("sample work: do it"))
        #expect(console.output.contains("Twice if needed."))
        #expect(console.output.contains("--times N  how often (default 2)"))
        #expect(console.output.contains("--json      print JSON"))
    }

    @Test func `help fits the width it is given`() {
        let flag = Flag("a-very-long-flag-name-that-does-not-fit", value: "SOMETHING", String(repeating: "word ", count: 40))
        let text = Command("sample", "a sample", flags: [flag]) { _, _ in .ok }.helpText(path: ["sample"], width: 60)
        for line in text.split(separator: "\n") { #expect(line.count <= 60, "\(line)") }
        #expect(text.contains("  --a-very-long-flag-name-that-does-not-fit SOMETHING\n"))
    }

    @Test func `the reference page names every command and flag`() async {
        let console = MemoryConsole()
        #expect(await Program(sampleRoot(), version: "1").run(["reference"], environment: [:], console: console) == .ok)
        let page = console.output
        for word in [
            "# `sample`", "## `sample data`", "### `sample data add`", "`-p, --port N`", "default 5000, environment SAMPLE_PORT",
            "debug\\|info",
        ] {
            #expect(page.contains(word), "\(word) is missing in\n\(page)")
        }
    }

    @Test(arguments: [
        (["sample", ""], "up data --json --home --help completion reference"),
        (["sample", "da"], "data"),
        (["sample", "data", ""], "add list --json --home --help"),
        (["sample", "up", "--log", ""], "debug info"),
        (["sample", "up", "--po"], "--port"),
    ])
    func `bash completes commands, flags and choices`(words: [String], expected: String) async throws {
        let console = MemoryConsole()
        #expect(await Program(sampleRoot(), version: "1").run(["completion", "bash"], environment: [:], console: console) == .ok)
        let folder = FileManager.default.temporaryDirectory.path
        let name = "\(folder)/jidoka-completion-\(getpid())-\(expected.utf8.reduce(7) { $0 &* 31 &+ Int($1) })"
        let quoted = words.map { "'\($0)'" }.joined(separator: " ")
        let call = "COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count - 1); _sample_complete; echo \"${COMPREPLY[*]}\" >'\(name).out'\n"
        try Data((console.output + call).utf8).write(to: URL(filePath: name))
        defer {
            unlink(name)
            unlink(name + ".out")
        }
        #expect(system("bash '\(name)'") == 0)
        let answer = String(decoding: try Data(contentsOf: URL(filePath: name + ".out")), as: UTF8.self).split(
            whereSeparator: \.isWhitespace)
        #expect(Set(answer) == Set(expected.split(separator: " ")))
    }

    @Test func `an unknown shell is refused`() async {
        let console = MemoryConsole()
        #expect(await program { _, _ in .ok }.run(["completion", "fish"], environment: [:], console: console) == .failed)
        #expect(console.error.contains("no completion for `fish`"))
    }

    @Test func `the process's own arguments stay reachable beside this module`() { #expect(!CommandLine.arguments.isEmpty) }

    @Test func `the environment of the process is read whole`() throws {
        let environment = processEnvironment()
        let path = try #require(getenv("PATH"))
        #expect(environment["PATH"] == String(cString: path))
        #expect(environment[""] == nil)
    }
}
