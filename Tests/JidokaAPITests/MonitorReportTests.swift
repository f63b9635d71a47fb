import Clockwork
import Conformance
import Errors
import HTTP
import JSON
import Monitoring
import Testing

@testable import JidokaAPI

private let hostile = "<script>alert('x')</script>\"&"

struct MonitorReportTests {
    /// `count` windows with `features` features each, of which the names are hostile; every third window has drifted.
    private func store(windows count: Int, features: Int) async throws -> MemoryMonitorStore {
        let store = MemoryMonitorStore()
        var monitor = Monitor(endpoint: "employment")
        monitor.phase = .confirmed
        monitor.champion = "3"
        monitor.windows = Int64(count)
        monitor.revision = 1
        try await store.save(monitor, report: nil, events: [])
        guard count > 0 else { return store }
        var synthetic = SyntheticWindow(rows: 200, seed: 1)
        synthetic.shift = 10
        let sample = synthetic.report(endpoint: "employment", number: 0, labelled: 150)
        for number in 0..<count {
            var report = sample
            report.number = Int64(number)
            report.isDrifted = number % 3 == 0
            report.champion = number % 2 == 0 ? "3" : hostile
            report.features = (0..<features).map { index in
                var feature = sample.features[index % sample.features.count]
                feature.name = "\(hostile) \(index)"
                feature.reason = hostile
                // As many bins as a category column can have.
                feature.bins = (0..<51).map {
                    FeatureReport.Bin(label: "\(hostile) \($0)", reference: 1.0 / 51, current: Double($0) / 1_275)
                }
                return feature
            }
            if number % 5 == 0 { report.performance = WindowReport.Performance.none }
            try await store.update(report, events: [])
        }
        return store
    }

    private func report(windows: Int, features: Int) async throws -> MonitorReport {
        try await MonitorReport(of: World.monitor(try await store(windows: windows, features: features)), limit: 200)
    }

    @Test func `the page needs nothing from outside and stays small`() async throws {
        let html = try await report(windows: 200, features: 20).html
        #expect(html.utf8.count < 300_000, "\(html.utf8.count) bytes")
        for word in ["http:", "https:", "src=", "@import", "url(", "<link", "<iframe"] { #expect(!html.contains(word), "\(word)") }
        #expect(html.hasPrefix("<!doctype html>"))
        #expect(html.hasSuffix("</html>"))
    }

    @Test func `whatever a feature is called, it stays text`() async throws {
        let html = try await report(windows: 3, features: 4).html
        #expect(!html.contains("<script>alert"))
        #expect(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp; 3"))
        #expect(html.ranges(of: "<script>").count == 1)
        #expect(html.ranges(of: "</script>").count == 1)
    }

    /// Names of every kind, in every place where one is shown: the page has the tags and attributes that it has with plain words.
    @Test(arguments: [
        hostile, "\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)", "</title></style></script><svg onload=alert(1)>", "\u{0}<b",
    ])
    func `no name leaves its place in the page`(name: String) async throws {
        for (page, plain) in zip(try await pages(named: name), try await pages(named: "name")) {
            for mark in ["<", ">", "\"", "'"] { #expect(page.ranges(of: mark).count == plain.ranges(of: mark).count, "\(mark)") }
        }
    }

    /// Before the first window, and with one; every text in them is `name`.
    private func pages(named name: String) async throws -> [String] {
        let store = MemoryMonitorStore()
        var monitor = Monitor(endpoint: name)
        (monitor.champion, monitor.obstacle, monitor.revision) = (name, name, 1)
        try await store.save(monitor, report: nil, events: [])
        let waiting = try await MonitorReport(of: World.monitor(store, endpoint: name), limit: 200).html
        var window = SyntheticWindow(rows: 200, seed: 1).report(endpoint: name, number: 0, labelled: 150)
        (window.champion, window.referenceDigest) = (name, name)
        window.features = window.features.map { feature in
            var feature = feature
            (feature.name, feature.verdict, feature.reason) = (name, name, name)
            feature.bins = [FeatureReport.Bin(label: name, reference: 0.5, current: 0.5)]
            return feature
        }
        try await store.update(window, events: [])
        return [waiting, try await MonitorReport(of: World.monitor(store, endpoint: name), limit: 200).html]
    }

    @Test func `tags are balanced`() async throws {
        let html = try await report(windows: 12, features: 3).html
        for tag in ["table", "thead", "tbody", "tr", "td", "th", "svg", "section", "figure", "span", "dl", "div", "title", "main"] {
            let opened = html.ranges(of: "<\(tag)>").count + html.ranges(of: "<\(tag) ").count
            #expect(opened == html.ranges(of: "</\(tag)>").count, "\(tag)")
        }
    }

    @Test func `before the first window the page says what it waits for`() async throws {
        let html = try await report(windows: 0, features: 0).html
        #expect(html.contains("No window is complete yet: 200 predictions make one."))
    }

    @Test func `the summary counts windows, labels and drifted features`() async throws {
        let report = try await report(windows: 6, features: 3)
        let json = JSONValue.object(report.json)
        #expect(json["summary"]?["windows"] == 6)
        #expect(json["summary"]?["drifted_windows"] == 2)
        #expect(json["summary"]?["labelled"] == 600)
        #expect(json["summary"]?["drifted_features"]?.arrayValue?.count == 1)
        #expect(json["windows"]?.arrayValue?.compactMap { $0["window"]?.intValue } == [0, 1, 2, 3, 4, 5])
        #expect(json["settings"]?["window_rows"] == 200)
        #expect(json["monitor"]?["phase"] == "confirmed")
        #expect(try JSONValue.parse(json.text) == json)
    }

    @Test func `the routes answer the state, the windows, the report and the page`() async throws {
        let world = try World()
        try await world.monitors.save(Monitor(endpoint: "employment"), report: nil, events: [])
        for number in 0..<8 as Range<Int64> {
            try await world.monitors.update(
                SyntheticWindow(rows: 200, seed: 1).report(endpoint: "employment", number: number), events: [])
        }
        let (status, state) = try await world.ask("GET", "/api/v1/monitors/employment")
        #expect(status == 200)
        #expect(state["phase"] == "learning")
        #expect(state["newest"]?.arrayValue?.count == 5)
        #expect(try await world.ask("GET", "/api/v1/monitors/employment/windows?limit=3").json.arrayValue?.count == 3)
        #expect(try await world.ask("GET", "/api/v1/monitors/employment/report").json["windows"]?.arrayValue?.count == 8)
        let page = await world.respond("GET", "/api/v1/monitors/employment/report.html")
        #expect(page.headers["content-type"] == "text/html; charset=utf-8")
        #expect(page.headers["content-security-policy"]?.hasPrefix("default-src 'none'") == true)
    }
}

extension WindowReport.Performance {
    /// No label has come.
    fileprivate static var none: WindowReport.Performance {
        .init(labelled: 0, coverage: 0, metrics: [:], accuracyInterval: nil, versions: [], asOf: .zero)
    }
}

struct ChartTests {
    @Test(arguments: [[], [nil], [0.5], [0.5, nil, 0.7, 0.9], [nil, nil]] as [[Double?]])
    func `a line chart draws what is known and leaves gaps`(values: [Double?]) {
        let svg = LineChart(values, limit: 0.3, range: 0...1).svg
        #expect(svg.ranges(of: "<circle").count == values.compactMap { $0 }.count)
        #expect(!svg.contains("nan") && !svg.contains("inf"))
    }

    @Test func `bins without any share draw nothing impossible`() {
        let svg = BinChart([FeatureReport.Bin(label: "a", reference: 0, current: 0)]).svg
        #expect(!svg.contains("nan") && !svg.contains("inf"))
        #expect(BinChart([]).svg.isEmpty)
    }
}
