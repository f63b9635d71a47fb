import Clockwork
import Conformance
import JSON
import Monitoring
import Testing

private let now = Timestamp(microseconds: 1_700_000_000_000_000)

private func evaluate(_ synthetic: SyntheticWindow, share: Double = 0.3, labelled: Int = 0) -> WindowReport {
    WindowEvaluator.evaluate(
        synthetic.window(labelled: labelled), against: SyntheticWindow.reference(),
        configuration: MonitorConfiguration(endpoint: "e", windowRows: synthetic.rows, driftShare: share), number: 4, champion: "1", at: now
    )
}

extension WindowReport {
    fileprivate subscript(name: String) -> FeatureReport? { features.first { $0.name == name } }
}

struct WindowEvaluatorTests {
    @Test(arguments: 0..<40)
    func `a window of the same population is stable`(seed: Int) throws {
        let report = evaluate(SyntheticWindow(rows: 2_000, seed: UInt64(seed)))
        #expect(report.features.map(\.verdict) == ["stable", "stable", "stable"])
        #expect(report.driftedShare == 0)
        #expect(!report.isDrifted)
    }

    @Test func `a shift of one standard deviation is severe`() throws {
        var synthetic = SyntheticWindow(rows: 2_000, seed: 1)
        synthetic.shift = 10
        let report = evaluate(synthetic)
        let age = try #require(report["age"])
        #expect(age.verdict == "severe")
        #expect(age.isDrifted)
        // Two normals one deviation apart: PSI is 1 in the limit of many bins.
        #expect(try #require(age.psiCorrected) > 0.7)
        #expect(try #require(age.psiCorrected) < 1.1)
        #expect(try #require(age.psiBias) > 0)
        #expect(age.test == "ks")
        #expect(try #require(age.adjustedP) < 1e-9)
        #expect(age.reason.hasPrefix("PSI "))
        #expect(report["sector"]?.verdict == "stable")
        #expect(report.driftedShare == 1.0 / 3)
        #expect(report.isDrifted)
        #expect(!evaluate(synthetic, share: 0.5).isDrifted)
    }

    @Test func `a third of the values gone missing is drift although the values are the same`() throws {
        var synthetic = SyntheticWindow(rows: 2_000, seed: 2)
        synthetic.missing = 0.3
        let age = try #require(evaluate(synthetic)["age"])
        #expect(age.verdict == "severe")
        #expect(age.missingShareReference == 0)
        #expect(abs(age.missingShareCurrent - 0.3) < 0.05)
        #expect(age.reason.hasPrefix("the share of missing values changed by 0."))
    }

    @Test func `a category that the reference never had is drift`() throws {
        var synthetic = SyntheticWindow(rows: 2_000, seed: 3)
        synthetic.unseen = 0.1
        let sector = try #require(evaluate(synthetic)["sector"])
        #expect(sector.isDrifted)
        #expect(sector.bins.map(\.current).reduce(0, +) > 0.999)
    }

    @Test func `too few rows are learning, neither fine nor drift`() throws {
        var synthetic = SyntheticWindow(rows: 40, seed: 4)
        synthetic.shift = 30
        let report = evaluate(synthetic)
        #expect(report.features.allSatisfy { $0.verdict == "learning" })
        #expect(report.driftedShare == nil)
        #expect(!report.isDrifted)
        #expect(report["age"]?.reason.hasSuffix("more rows are needed") == true)
    }

    @Test func `a column without any value says so in words`() throws {
        var synthetic = SyntheticWindow(rows: 2_000, seed: 5)
        synthetic.missing = 1
        var window = synthetic.window()
        window.features[0] = .numbers(Array(repeating: .nan, count: 2_000))
        let reference = PreparedReference(digest: "d", names: SyntheticWindow.names, columns: window.features)
        let report = WindowEvaluator.evaluate(
            window, against: reference, configuration: MonitorConfiguration(endpoint: "e"), number: 0, champion: "1", at: now)
        #expect(report["age"]?.verdict == "not_computable")
        #expect(report["age"]?.reason == "not computable: the reference has no value")
    }

    @Test func `features that the reference lacks are left out, and types may differ`() throws {
        var window = SyntheticWindow(rows: 2_000, seed: 6).window()
        window.featureNames[0] = "unknown"
        // Codes arrive as texts, as JSON clients send them.
        if case .numbers(let codes) = window.features[2] { window.features[2] = .texts(codes.map { String($0) }) }
        let report = WindowEvaluator.evaluate(
            window, against: SyntheticWindow.reference(), configuration: MonitorConfiguration(endpoint: "e"), number: 0, champion: "1",
            at: now)
        #expect(report.features.map(\.name) == ["sector", "code"])
        #expect(report["code"]?.verdict == "stable")
    }

    @Test func `performance counts the rows whose label has come`() throws {
        let none = evaluate(SyntheticWindow(rows: 1_000, seed: 7)).performance
        #expect(none.labelled == 0 && none.coverage == 0 && none.metrics.isEmpty && none.accuracyInterval == nil && none.f1Interval == nil)
        let partial = evaluate(SyntheticWindow(rows: 1_000, seed: 7), labelled: 400).performance
        #expect(partial.labelled == 400)
        #expect(partial.coverage == 0.4)
        let accuracy = try #require(partial.metrics["accuracy"])
        #expect(abs(accuracy - 0.8) < 0.06)
        let interval = try #require(partial.accuracyInterval)
        #expect(interval.contains(accuracy))
        #expect(interval.upperBound - interval.lowerBound < 0.1)
        let f1 = try #require(partial.metrics["f1"])
        #expect(try #require(partial.f1Interval).contains(f1))
        #expect(partial.versions.map(\.version) == ["1"])
        #expect(partial.versions.map(\.labelled) == [400])
    }

    @Test func `the metrics are those of the confusion matrix`() throws {
        // 6 true positives, 2 false positives, 1 false negative, 3 true negatives, and one row without a label.
        let pairs: [(Double, Double)] =
            Array(repeating: (1, 1), count: 6) + Array(repeating: (0, 1), count: 2) + [(1, 0)] + Array(repeating: (0, 0), count: 3) + [
                (.nan, 1)
            ]
        let window = PredictionWindow(
            rows: 0..<13, featureNames: [], features: [], prediction: .numbers(pairs.map(\.1)), scores: [],
            labels: .numbers(pairs.map(\.0)),
            versions: Array(repeating: "1", count: 12) + ["2"], times: Array(repeating: now, count: 13))
        let performance = WindowEvaluator.performance(window, at: now)
        #expect(performance.labelled == 12)
        #expect(performance.metrics["accuracy"] == 0.75)
        #expect(performance.metrics["precision"] == 0.75)
        #expect(performance.metrics["recall"] == 6.0 / 7)
        #expect(performance.metrics["f1"] == 0.8)
        // Wilson on 6 of 9 rows with the class: 0.3542…0.8794, as f1 2J/(1+J).
        let interval = try #require(performance.f1Interval)
        #expect(abs(interval.lowerBound - 0.5231) < 0.001)
        #expect(abs(interval.upperBound - 0.9358) < 0.001)
        #expect(performance.versions.map(\.version) == ["1"])
    }

    @Test func `more than two classes have macro figures and no f1 interval`() {
        let truth: [String?] = ["a", "b", "c", "a", nil]
        let window = PredictionWindow(
            rows: 0..<5, featureNames: [], features: [], prediction: .texts(["a", "b", "a", "a", "c"]), scores: [], labels: .texts(truth),
            versions: Array(repeating: "1", count: 5), times: Array(repeating: now, count: 5))
        let performance = WindowEvaluator.performance(window, at: now)
        #expect(performance.metrics["accuracy"] == 0.75)
        #expect(abs((performance.metrics["f1"] ?? 0) - (0.8 + 1 + 0) / 3) < 1e-12)
        #expect(performance.f1Interval == nil)
    }

    @Test func `the summary of predictions names the classes by how often they occur`() throws {
        let report = evaluate(SyntheticWindow(rows: 1_000, seed: 8))
        #expect(Set(report.predictions.shares.map(\.value)) == ["0", "1"])
        #expect(abs(report.predictions.shares.map(\.share).reduce(0, +) - 1) < 1e-12)
        #expect(abs(try #require(report.predictions.meanScore) - 0.5) < 0.05)
    }

    @Test(arguments: [0, 300])
    func `a report survives its document form`(labelled: Int) throws {
        var synthetic = SyntheticWindow(rows: 1_000, seed: 9)
        synthetic.shift = 8
        synthetic.missing = 0.05
        synthetic.unseen = 0.05
        var report = evaluate(synthetic, labelled: labelled)
        report.isDropReported = labelled > 0
        #expect(try WindowReport(json: JSONValue.parse(JSONValue.object(report.json).text)) == report)
        let small = evaluate(SyntheticWindow(rows: 10, seed: 9))
        #expect(try WindowReport(json: JSONValue.parse(JSONValue.object(small.json).text)) == small)
    }

    @Test func `a monitor survives its document form`() throws {
        for phase in Monitor.Phase.allCases {
            var monitor = Monitor(endpoint: "e")
            monitor.phase = phase
            monitor.champion = "3"
            monitor.nextRow = 7
            monitor.windows = 5
            monitor.driftedInARow = 2
            monitor.quietInARow = 1
            monitor.obstacle = "40 more rows are needed"
            monitor.revision = 9
            #expect(try Monitor(json: JSONValue.parse(JSONValue.object(monitor.json).text)) == monitor)
        }
    }
}
