import Clockwork
import Conformance
import Events
import JSON
import Monitoring
import Testing

private let now = Timestamp(microseconds: 1_700_000_000_000_000)

private func facts(_ version: String, digest: String? = "d1") -> ChampionFacts {
    ChampionFacts(version: version, datasetDigest: digest, featureNames: SyntheticWindow.names, gateMetrics: ["accuracy": 0.8])
}

private func machine(persist: Int = 2, metric: String = "accuracy", drop: Double = 0.02) -> MonitorMachine {
    var machine = MonitorMachine(
        Monitor(endpoint: "e"),
        configuration: MonitorConfiguration(
            endpoint: "e", windowRows: 500, persist: persist, performanceMetric: metric, performanceDrop: drop))
    _ = machine.champion(facts("1"), at: 0, now: now)
    return machine
}

/// One letter a window: drifted, quiet, or learning (nothing could be judged).
private func report(_ letter: Character, _ number: Int64) -> WindowReport {
    var report = SyntheticWindow(rows: 100, seed: 1).report(endpoint: "e", number: number)
    report.isDrifted = letter == "d"
    report.driftedShare = letter == "l" ? nil : letter == "d" ? 0.6 : 0
    return report
}

private func labelled(_ accuracy: Double, rows: Int64 = 500, coverage: Double = 1) -> WindowReport {
    var report = SyntheticWindow(rows: 100, seed: 1).report(endpoint: "e", number: 3)
    let half = 1.96 * (accuracy * (1 - accuracy) / Double(rows)).squareRoot()
    report.performance.labelled = rows
    report.performance.coverage = coverage
    report.performance.metrics = ["accuracy": accuracy, "f1": accuracy]
    report.performance.accuracyInterval = (accuracy - half)...(accuracy + half)
    report.performance.f1Interval = (accuracy - half)...(accuracy + half)
    return report
}

struct MonitorMachineTests {
    @Test(arguments: [
        // persist, windows, phase after each, what is said besides window.evaluated
        (2, "qq", "watching watching", ""),
        (2, "d", "suspect", "0:suspected"),
        (2, "dq", "suspect watching", "0:suspected"),
        (2, "dd", "suspect confirmed", "0:suspected 1:confirmed"),
        (2, "ddd", "suspect confirmed confirmed", "0:suspected 1:confirmed"),
        (2, "dddd", "suspect confirmed confirmed confirmed", "0:suspected 1:confirmed 3:confirmed"),
        (2, "ddq", "suspect confirmed confirmed", "0:suspected 1:confirmed"),
        (2, "ddqq", "suspect confirmed confirmed watching", "0:suspected 1:confirmed 3:cleared"),
        (2, "ddqdqq", "suspect confirmed confirmed confirmed confirmed watching", "0:suspected 1:confirmed 5:cleared"),
        (2, "ddqdd", "suspect confirmed confirmed confirmed confirmed", "0:suspected 1:confirmed 4:confirmed"),
        (2, "dld", "suspect suspect confirmed", "0:suspected 2:confirmed"),
        (2, "ll", "learning learning", ""),
        (1, "dqd", "confirmed watching confirmed", "0:confirmed 1:cleared 2:confirmed"),
        (3, "dddqqq", "suspect suspect confirmed confirmed confirmed watching", "0:suspected 1:suspected 2:confirmed 5:cleared"),
    ])
    func `phases follow the windows`(persist: Int, windows: String, phases: String, said: String) {
        var machine = machine(persist: persist)
        var seen: [String] = []
        var events: [String] = []
        for (number, letter) in windows.enumerated() {
            let kinds = machine.window(report(letter, Int64(number)), now: now).map(\.kind)
            #expect(kinds.first == "window.evaluated")
            events += kinds.dropFirst().map { "\(number):\($0.dropFirst("drift.".count))" }
            seen.append(machine.monitor.phase.rawValue)
        }
        #expect(seen.joined(separator: " ") == phases)
        #expect(events.joined(separator: " ") == said)
        #expect(machine.monitor.windows == Int64(windows.count))
        #expect(machine.monitor.revision == Int64(windows.count) + 1)
        #expect(machine.monitor.nextRow == Int64(windows.count) * 100)
    }

    @Test func `a window that cannot be judged leaves its reason`() {
        var machine = machine()
        _ = machine.window(report("l", 0), now: now)
        #expect(machine.monitor.obstacle != nil)
        _ = machine.window(report("q", 1), now: now)
        #expect(machine.monitor.obstacle == nil)
    }

    @Test func `a new champion starts afresh at the next row`() {
        var machine = machine()
        for number in 0..<2 { _ = machine.window(report("d", Int64(number)), now: now) }
        #expect(machine.monitor.phase == .confirmed)
        #expect(machine.champion(facts("1"), at: 900, now: now).isEmpty)
        let events = machine.champion(facts("2", digest: "d2"), at: 900, now: now)
        #expect(events.map(\.kind) == ["monitor.enabled"])
        #expect(events.first?.payload["reference"] == "d2")
        #expect(events.first?.payload["from_row"] == 900)
        #expect(machine.monitor.phase == .learning)
        #expect(machine.monitor.nextRow == 900)
        #expect(machine.monitor.driftedInARow == 0)
        #expect(machine.monitor.windows == 2)
        #expect(machine.window(report("d", 2), now: now).map(\.kind) == ["window.evaluated", "drift.suspected"])
    }

    @Test func `a champion without a dataset says that it cannot be compared`() {
        var machine = MonitorMachine(Monitor(endpoint: "e"), configuration: MonitorConfiguration(endpoint: "e"))
        _ = machine.champion(facts("1", digest: nil), at: 50, now: now)
        #expect(machine.monitor.nextRow == 0)
        #expect(machine.monitor.obstacle == "the run of version 1 names no dataset version to compare with")
    }

    @Test(arguments: [
        // accuracy, labelled rows, coverage, dropped
        (0.79, Int64(500), 1.0, false),  // within the allowed drop
        (0.70, 500, 1.0, true),
        (0.77, 100, 1.0, false),  // beyond the drop, within chance
        (0.77, 5_000, 1.0, true),
        (0.50, 99, 1.0, false),  // too few labels
        (0.50, 500, 0.4, false),  // too few of the window
        (0.85, 5_000, 1.0, false),
    ])
    func `performance has dropped when the loss is large and beyond chance`(accuracy: Double, rows: Int64, coverage: Double, dropped: Bool)
    {
        for metric in ["accuracy", "f1"] {
            var report = labelled(accuracy, rows: rows, coverage: coverage)
            let event = machine(metric: metric).performance(&report, gate: 0.8, now: now)
            #expect((event != nil) == dropped, "\(metric)")
            #expect(report.isDropReported == dropped)
            if let event {
                #expect(event.kind == "performance.dropped")
                #expect(event.payload["metric"] == .string(metric))
                #expect(event.payload["gate"] == 0.8)
            }
        }
    }

    @Test func `a drop is said once`() {
        var report = labelled(0.6)
        #expect(machine().performance(&report, gate: 0.8, now: now) != nil)
        #expect(machine().performance(&report, gate: 0.8, now: now) == nil)
    }

    @Test func `without a gate there is nothing to fall below`() {
        var report = labelled(0.1)
        #expect(machine().performance(&report, gate: nil, now: now) == nil)
    }

    @Test func `events name the monitor, the endpoint and the features`() throws {
        var synthetic = SyntheticWindow(rows: 2_000, seed: 1)
        synthetic.shift = 10
        var machine = machine(persist: 1)
        let event = try #require(machine.window(synthetic.report(endpoint: "e", number: 0), now: now).last)
        #expect(event.kind == "drift.confirmed")
        #expect(event.actor == "monitor:e")
        #expect(event.subject == EventSubject("endpoint", "e"))
        #expect(event.payload["features"] == ["age"])
        #expect(event.reason.hasPrefix("window 0: 1 of 3 features drifted (PSI: age 0."))
    }
}
