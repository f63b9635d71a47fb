import CommandLine
import Testing

/// A small command line with one of everything.
func sampleRoot() -> Command {
    let nothing: Command.Body = { _, _ in .ok }
    let up = Command(
        "up", "start the server",
        flags: [
            .int("port", short: "p", in: 0...65_535, default: 5_000, env: "SAMPLE_PORT", "port to listen on"),
            Flag("host", default: "127.0.0.1", value: "ADDRESS", "address to bind"),
            Flag("drain", .duration, default: "10s", "time for open requests"),
            Flag("log", .choice(["debug", "info"]), default: "info", "least level"),
            Flag("label", .strings, "label of the server"), Flag("rate", .double, "share of requests logged"),
            .toggle("classic-ports", env: "SAMPLE_CLASSIC", "also open the classic ports"),
        ], body: nothing)
    let add = Command(
        "add", "add a file as a dataset version",
        positionals: [
            Positional("name", "the dataset"), Positional("path", "the file", .optional), Positional("more", "further files", .rest),
        ], body: nothing)
    return Command(
        "sample", "a sample",
        flags: [.toggle("json", short: "j", "print JSON"), Flag("home", env: "SAMPLE_HOME", value: "DIR", "the folder")],
        subcommands: [up, Command("data", "datasets", subcommands: [add, Command("list", "list datasets", body: nothing)])])
}

private func values(_ words: String..., environment: [String: String] = [:]) throws -> Values {
    guard case .run(_, _, let values) = try sampleRoot().parse(words, environment: environment).get() else {
        throw UsageError(message: "not a run", hint: nil, usage: "")
    }
    return values
}

private func refusal(_ words: String..., environment: [String: String] = [:]) -> UsageError? {
    if case .failure(let error) = sampleRoot().parse(words, environment: environment) { error } else { nil }
}

struct ParserTests {
    @Test func `nouns and verbs lead to their command`() throws {
        guard case .run(let command, let path, _) = try sampleRoot().parse(["data", "add", "census"]).get() else {
            Issue.record("the words name a command")
            return
        }
        #expect(command.name == "add")
        #expect(path == ["sample", "data", "add"])
    }

    @Test func `a value stands after a space or an equals sign`() throws {
        #expect(try values("up", "--port=81", "--host", "::1").int("port") == 81)
        #expect(try values("up", "-p", "82").int("port") == 82)
        #expect(try values("up", "-p=83").int("port") == 83)
        #expect(try values("up", "--host=a=b").string("host") == "a=b")
        #expect(try values("up", "--host=").string("host") == "")
    }

    @Test func `a flag wins over the environment and that over the default`() throws {
        #expect(try values("up").int("port") == 5_000)
        #expect(try values("up").origin("port") == .default)
        let environment = ["SAMPLE_PORT": "6000"]
        #expect(try values("up", environment: environment).int("port") == 6_000)
        #expect(try values("up", environment: environment).origin("port") == .environment)
        #expect(try values("up", "--port", "7", environment: environment).int("port") == 7)
        #expect(try values("up", "--port", "7", environment: environment).origin("port") == .flag)
        #expect(try values("up", environment: ["SAMPLE_PORT": ""]).int("port") == 5_000)
    }

    @Test func `toggles are turned on and off`() throws {
        #expect(try !values("up").isOn("classic-ports"))
        #expect(try values("up", "--classic-ports").isOn("classic-ports"))
        #expect(try !values("up", "--no-classic-ports", environment: ["SAMPLE_CLASSIC": "1"]).isOn("classic-ports"))
        #expect(try values("up", environment: ["SAMPLE_CLASSIC": "yes"]).isOn("classic-ports"))
        #expect(try !values("up", "--classic-ports=false").isOn("classic-ports"))
    }

    @Test func `flags of the program hold before and after the command`() throws {
        #expect(try values("--home", "/x", "data", "list", "-j").string("home") == "/x")
        #expect(try values("data", "list", "-j").isOn("json"))
        #expect(try values("data", "--json", "list").isOn("json"))
    }

    @Test func `the last of a flag counts and repeatable ones add up`() throws {
        #expect(try values("up", "--port", "1", "--port", "2").int("port") == 2)
        #expect(try values("up", "--label", "a", "--label=b").strings("label") == ["a", "b"])
        #expect(try values("up").strings("label") == [])
    }

    @Test func `durations, numbers and choices are typed`() throws {
        #expect(try values("up", "--drain", "1m30s").duration("drain") == .seconds(90))
        #expect(try values("up").duration("drain") == .seconds(10))
        #expect(try values("up", "--rate", "0.5").double("rate") == 0.5)
        #expect(try values("up").optionalDouble("rate") == nil)
        #expect(try values("up", "--log", "debug").string("log") == "debug")
    }

    @Test func `positionals fill in order and the rest takes what is left`() throws {
        let all = try values("data", "add", "census", "a.parquet", "b", "c")
        #expect(all.argument("name") == "census")
        #expect(all.optionalArgument("path") == "a.parquet")
        #expect(all.arguments("more") == ["b", "c"])
        #expect(try values("data", "add", "census").optionalArgument("path") == nil)
    }

    @Test func `after two dashes everything is a positional`() throws {
        #expect(try values("data", "add", "--", "--json", "-x").argument("name") == "--json")
        #expect(try values("data", "add", "-", "-5").optionalArgument("path") == "-5")
    }

    @Test(arguments: [
        (["upp"], "unknown command `sample upp`", "did you mean `up`?"),
        (["zzzz"], "unknown command `sample zzzz`", "commands: `up`, `data`"),
        (["data"], "`sample data` needs a command", "commands: `add`, `list`"),
        (["up", "--prot", "5"], "unknown flag `--prot`", "did you mean `--port`?"),
        (["up", "--port"], "`--port` needs a value", "write `--port N`"),
        (["up", "--port", "many"], "`--port` cannot be `many`", "give a whole number"),
        (["up", "--port", "70000"], "`--port` is 70000", "choose a number from 0 to 65535"),
        (["up", "--log", "inf"], "`--log` cannot be `inf`", "did you mean `info`?"),
        (["up", "--log", "loud"], "`--log` cannot be `loud`", "choose one of `debug`, `info`"),
        (["up", "--rate", "nan"], "`--rate` cannot be `nan`", "give a number"),
        (["up", "--classic-ports=maybe"], "`--classic-ports` takes no value `maybe`", "write `--classic-ports` or `--no-classic-ports`"),
        (["data", "add"], "`NAME` is missing", "the dataset"),
        (["data", "list", "x"], "unexpected argument `x`", "`sample data list` takes 0 of them"),
    ])
    func `a wrong word is refused with what to do`(words: [String], message: String, hint: String) throws {
        guard case .failure(let error) = sampleRoot().parse(words) else {
            Issue.record("\(words) should be refused")
            return
        }
        #expect(error.message == message)
        #expect(error.hint == hint)
        #expect(error.usage.hasPrefix("sample"))
    }

    @Test func `a duration without a unit and a bad environment variable are refused`() {
        #expect(refusal("up", "--drain", "10")?.message == "`--drain`: `10` is not a duration")
        let error = refusal("up", environment: ["SAMPLE_PORT": "x"])
        #expect(error?.message == "the environment variable `SAMPLE_PORT` cannot be `x`")
    }

    @Test func `help wins over what is missing`() throws {
        guard case .help(let command, let path, let inherited) = try sampleRoot().parse(["data", "add", "--help"]).get() else {
            Issue.record("--help asks for help")
            return
        }
        #expect(command.name == "add")
        #expect(path == ["sample", "data", "add"])
        #expect(inherited.map(\.name) == ["json", "home"])
    }

    @Test func `no words at all can crash the parser`() {
        let pool = [
            "up", "data", "add", "--", "-", "--port", "--port=", "--no-json", "-j", "-p", "=", "", "--", "-é", "--no-", "--json=x", "五",
            "-5",
        ]
        var state: UInt64 = 7
        for _ in 0..<5_000 {
            var words: [String] = []
            for _ in 0..<6 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                words.append(pool[Int(state >> 33) % pool.count])
            }
            if case .failure(let error) = sampleRoot().parse(words) { #expect(!error.message.isEmpty) }
        }
    }
}
