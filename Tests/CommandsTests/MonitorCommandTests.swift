import CommandLine
import JSON
import Testing

struct MonitorCommandTests {
    private static func feature(_ name: String, _ psi: Double, _ verdict: String) -> JSONValue {
        [
            "name": .string(name), "verdict": .string(verdict), "drifted": .bool(verdict == "severe"), "psi": .double(psi + 0.01),
            "psi_corrected": .double(psi), "test": "ks", "adjusted_p": 1.3e-7, "missing_share": ["reference": 0.0, "current": 0.02],
        ]
    }
    private static let window: JSONValue = [
        "window": 5, "from": "2026-11-21T00:48:34.123456Z", "to": "2026-11-21T00:49:02.000000Z", "champion": "1",
        "reference": ["digest": "aa", "rows": 55_028], "drifted_share": 0.25, "drifted": true,
        "features": [feature("SEX", 0.001, "stable"), feature("AGEP", 1.75, "severe")],
        "performance": ["labelled": 1_800, "coverage": 0.9, "metrics": ["accuracy": 0.6012, "f1": 0.55]],
    ]
    private static let monitor: JSONValue = [
        "endpoint": "employment", "phase": "suspect", "champion": "1", "windows": 5, "obstacle": nil,
        "settings": ["window_rows": 2_000, "drift_share": 0.2, "persist": 2], "newest": [window],
        "training": ["phase": ["name": "watching"], "held": false, "reason": ""],
    ]
    private static let answers: [String: [StubServer.Answer]] = [
        "GET /monitors/employment": [.json(monitor)], "GET /monitors/employment/windows": [.json([window])],
        "GET /monitors/employment/report.html": [.text("<html><svg/></html>")],
    ]

    @Test func `features and windows are shown, the most drifted first`() async throws {
        let outcome = try await jidoka(["monitor", "show", "employment", "--windows", "3"], answers: MonitorCommandTests.answers)
        #expect(outcome.status == .ok, "\(outcome.error)")
        let output = outcome.output
        #expect(output.contains("suspect"))
        #expect(output.contains("20.0 % of the features, 2 windows of 2,000 rows in a row"))
        #expect(output.contains("AGEP     1.7600     1.7500  severe, drifted  ks        1.3e-7    2.0 %"))
        let (young, sex) = (output.firstRange(of: "AGEP"), output.firstRange(of: "SEX"))
        #expect(try #require(young).lowerBound < #require(sex).lowerBound)
        #expect(output.contains("0.6012  0.5500    90.0 %"))
        #expect(outcome.requests.last?.query == ["limit": "3"])
    }

    @Test func `the report is written as a page`() async throws {
        let folder = try TemporaryFolder()
        let outcome = try await jidoka(
            ["monitor", "show", "employment", "--html", "report.html", "--json"], answers: MonitorCommandTests.answers, folder: folder.path)
        #expect(outcome.status == .ok, "\(outcome.error)")
        #expect(try folder.read("report.html") == "<html><svg/></html>")
        #expect(try outcome.json() == MonitorCommandTests.monitor)
    }

    @Test func `a monitor without windows says so`() async throws {
        let outcome = try await jidoka(
            ["monitor", "show", "employment"],
            answers: ["GET /monitors/employment": [.json(MonitorCommandTests.monitor)], "GET /monitors/employment/windows": [.json([])]])
        #expect(outcome.output.contains("no window was evaluated yet"))
    }

    @Test func `retrains are held with a reason`() async throws {
        let outcome = try await jidoka(
            ["monitor", "hold", "employment", "--reason", "an audit"],
            answers: ["POST /training/employment/hold": [.json(["endpoint": "employment", "held": true])]])
        #expect(outcome.output == "retrains of employment are held\n")
        #expect(await jidoka(["monitor", "release", "employment"]).status == .usage)
    }

    @Test func `alerts are listed and acknowledged`() async throws {
        let alert: JSONValue = [
            "id": "a1", "level": "P1", "event": "drift.confirmed", "subject": ["type": "endpoint", "id": "employment"],
            "reason": "AGEP drifts", "state": "firing", "fired_at": "2026-11-21T00:48:34.123456Z", "count": 3,
            "acknowledged_by": "user:ada",
        ]
        let list = try await jidoka(["alerts", "list"], answers: ["GET /alerts": [.json([alert])]])
        #expect(
            list.output.contains("a1     P1     firing  drift.confirmed  endpoint/employment  2026-11-21 00:48:34Z      3  AGEP drifts"))
        let ack = try await jidoka(["alerts", "ack", "a1", "--reason", "on it"], answers: ["POST /alerts/a1/acknowledge": [.json(alert)]])
        #expect(ack.output == "alert a1 is firing by user:ada\n")
        #expect(ack.requests.first?.json == ["reason": "on it", "actor": "user:ada"])
    }
}
