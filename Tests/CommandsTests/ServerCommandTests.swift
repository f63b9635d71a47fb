import CommandLine
import Glibc
import JSON
import Server
import Testing

@testable import Commands

struct ServerCommandTests {
    @Test func `a public address is refused with what to do`() async throws {
        let folder = try TemporaryFolder()
        let outcome = await jidoka(["up", "--host", "0.0.0.0", "--port", "0"], folder: folder.path)
        #expect(outcome.status == .failed)
        #expect(outcome.error.contains("--allow-unauthenticated"))
    }

    @Test func `a project folder that is not there is named`() async {
        let outcome = await jidoka(["up", "--project", "/nonexistent/project"])
        #expect(outcome.status == .failed)
        #expect(outcome.error.contains("`/nonexistent/project`"))
    }

    @Test(
        arguments: [
            ([], [:], "/p/.jidoka"), (["--project", "x"], [:], "/p/x/.jidoka"), (["--home", "h"], ["JIDOKA_HOME": "/e"], "/p/h"),
            ([], ["JIDOKA_HOME": "/e"], "/e"), (["--project", "/"], [:], "/.jidoka"),
        ] as [([String], [String: String], String)])
    func `the home folder lies in the project unless it is named`(words: [String], environment: [String: String], home: String) throws {
        let context = context(folder: "/p", environment: environment)
        let parsed = JidokaProgram.root(context).parse(["up"] + words, environment: environment)
        guard case .success(.run(_, _, let values)) = parsed else {
            Issue.record("\(parsed)")
            return
        }
        #expect(ServerFlags.settings(values, context).home == home)
    }

    @Test func `the doctor looks at everything that a server needs`() async throws {
        let folder = try TemporaryFolder()
        let words = ["doctor", "--port", "0", "--server", "http://127.0.0.1:1", "--json"]
        let document = try await jidoka(words, folder: folder.path, environment: ["PATH": "/nonexistent"]).json()
        let findings = Dictionary(uniqueKeysWithValues: document.list("findings").map { ($0.string("what"), $0) })
        #expect(Set(findings.keys) == ["DuckDB", "ONNX Runtime", "git work tree", "python3", "home folder", "port 0", "server"])
        #expect(findings["git work tree"]?["state"] == "optional")
        #expect(findings["python3"]?["state"] == "optional")
        #expect(findings["server"]?["remedy"] == "`jidoka up`")
        #expect(findings["port 0"]?["state"] == "ok")
        #expect(findings["home folder"]?["found"] == .string("\(folder.path)/.jidoka (will be made)"))
        let failed = document.list("findings").contains { $0["state"] == "failed" }
        #expect(document["ok"] == .bool(!failed))
        for finding in document.list("findings") where finding["state"] != "ok" { #expect(finding.at("remedy") != nil, "\(finding.text)") }
    }

    @Test func `a home that cannot be a folder and a taken port end with 1`() async throws {
        let folder = try TemporaryFolder()
        let home = try folder.write("home", "a file")
        let server = StubServer([:])
        try server.start()
        let port = String(server.url.split(separator: ":").last ?? "")
        let outcome = await jidoka(["doctor", "--home", home, "--port", port], folder: folder.path)
        await server.stop()
        #expect(outcome.status == .failed)
        #expect(outcome.output.contains("is not a folder"))
        #expect(outcome.output.contains("port \(port) on `127.0.0.1` is taken by another program"))
        #expect(outcome.output.contains("must be mended"))
    }

    @Test func `a port on which jidoka listens already is no fault`() async throws {
        let server = StubServer(["GET /status": [.json(["version": "0.1.0"])]])
        try server.start()
        let port = String(server.url.split(separator: ":").last ?? "")
        let document = try await jidoka(["doctor", "--json", "--port", port, "--server", server.url]).json()
        await server.stop()
        let found = document.list("findings").filter { $0.string("found").hasPrefix("jidoka 0.1.0") }
        #expect(found.map { $0.string("what") } == ["port \(port)", "server"])
    }
}
