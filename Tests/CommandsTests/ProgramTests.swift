import Clockwork
import CommandLine
import Errors
import JSON
import Testing

@testable import Commands

struct ProgramTests {
    @Test func `the version is told as text and as JSON`() async throws {
        let text = await jidoka(["version"])
        #expect(text.status == .ok)
        #expect(text.output.hasPrefix("jidoka "))
        let document = try await jidoka(["version", "--json"]).json()
        #expect(text.output == "jidoka \(document.string("version"))\n")
    }

    @Test(
        arguments: [
            (["pipelin", "run"], "`pipeline`"), (["pipeline", "run", "--wiat"], "`--wait`"), (["rollout", "start"], "ENDPOINT"),
            (["up", "--port", "70000"], "65535"), (["up", "--log-level", "loud"], "`warning`"), (["data"], "`add`"),
        ])
    func `wrong usage ends with 2 and says what is right`(words: [String], mentioned: String) async {
        let outcome = await jidoka(words)
        #expect(outcome.status == .usage)
        #expect(outcome.error.contains(mentioned))
        #expect(outcome.output.isEmpty)
    }

    @Test func `no server is an error that names the address and the remedy`() async {
        let outcome = await jidoka(["status"], environment: ["JIDOKA_URL": "http://127.0.0.1:1"])
        #expect(outcome.status == .failed)
        #expect(outcome.error.contains("no server answers at http://127.0.0.1:1"))
        #expect(outcome.error.contains("`jidoka up`"))
    }

    @Test func `the server's error is shown with its hint`() async throws {
        let refusal: JSONValue = ["error": ["code": "failed_precondition", "message": "it is `closed`", "hint": "open it"]]
        let outcome = try await jidoka(["endpoint", "show", "e"], answers: ["GET /endpoints/e": [.json(refusal, status: 412)]])
        #expect(outcome.status == .failed)
        #expect(outcome.error == "jidoka: it is `closed`\n  hint: open it\n")
        #expect(outcome.output.isEmpty)
    }

    @Test(arguments: [("<html>hello</html>", 200), ("<html>gone</html>", 404), ("{\"error_code\": \"X\"}", 404)])
    func `a server of another kind is recognised`(body: String, status: Int) async throws {
        let outcome = try await jidoka(["status"], answers: ["GET /status": [.text(body, status: status)]])
        #expect(outcome.status == .failed)
        #expect(outcome.error.contains("not as a jidoka server does"))
        #expect(outcome.error.contains("--server"))
    }

    @Test func `a flag names another server than the environment`() async throws {
        let server = StubServer(["GET /status": [.json(["version": "9"])]])
        try server.start()
        let address = server.url.replacing("http://", with: "") + "/"
        let outcome = await jidoka(["status", "--server", address, "--json"], environment: ["JIDOKA_URL": "http://127.0.0.1:1"])
        await server.stop()
        #expect(outcome.status == .ok)
        #expect(try outcome.json() == ["version": "9"])
    }

    @Test func `names are encoded in paths`() {
        #expect(APIClient.encoded("a b/ü?&=#%.-_~9") == "a%20b%2F%C3%BC%3F%26%3D%23%25.-_~9")
    }

    @Test(
        arguments: [
            (0.60124, "0.6012"), (1.0, "1"), (0.5, "0.5"), (-2.25, "-2.25"), (0.0, "0"), (1.3e-7, "1.3e-7"), (-0.00012, "-1.2e-4"),
            (1e6, "1000000"), (Double.nan, "nan"),
        ])
    func `numbers are short and do not vanish`(value: Double, text: String) { #expect(JSONValue.number(value) == text) }

    @Test(
        arguments: [
            (".", "/home/ada/project"), ("data/x.csv", "/home/ada/project/data/x.csv"), ("../other/.", "/home/ada/other"),
            ("/x//y/", "/x/y"),
        ])
    func `paths start from the working folder`(path: String, absolute: String) {
        #expect(context(folder: "/home/ada/project").absolute(path) == absolute)
    }

    @Test func `the first signal asks a command that listens to stop`() {
        let interruptions = Interruptions()
        #expect(!interruptions.isAsked)
        let stopped = Signal()
        interruptions.whenAsked { stopped.post() }
        interruptions.take(15)
        stopped.wait()
        #expect(interruptions.isAsked)
    }
}
