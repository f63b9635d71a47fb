package import Clockwork
package import Events
import JSON

/// What a monitor concludes from one window after another: a pure state machine.
///
///     learning → watching → suspect → confirmed → watching
///
/// `persist` drifted windows in a row confirm drift, and so many quiet ones clear it. While drift stays confirmed it is reported again
/// after each further `persist` windows, so that a retrain that could not run is asked for again.
package struct MonitorMachine: Sendable {
    package private(set) var monitor: Monitor
    private let configuration: MonitorConfiguration

    package init(_ monitor: Monitor, configuration: MonitorConfiguration) {
        self.monitor = monitor
        self.configuration = configuration
    }

    /// A new champion: its windows begin with the next row, compared with its own training data.
    package mutating func champion(_ facts: ChampionFacts, at row: Int64, now: Timestamp) -> [EventDraft] {
        guard monitor.champion != facts.version else { return [] }
        let first = monitor.champion == nil
        monitor.champion = facts.version
        monitor.nextRow = first ? 0 : row
        monitor.driftedInARow = 0
        monitor.quietInARow = 0
        monitor.phase = .learning
        monitor.obstacle = facts.datasetDigest == nil ? "the run of version \(facts.version) names no dataset version to compare with" : nil
        monitor.revision += 1
        return [
            event(
                "monitor.enabled", "version \(facts.version) is champion",
                ["version": .string(facts.version), "reference": JSONValue(facts.datasetDigest), "from_row": .int(monitor.nextRow)], now)
        ]
    }

    package mutating func window(_ report: WindowReport, now: Timestamp) -> [EventDraft] {
        monitor.nextRow = report.rows.upperBound
        monitor.windows += 1
        monitor.revision += 1
        var events = [event("window.evaluated", summary(report), payload(report), now)]
        guard report.driftedShare != nil else {
            monitor.obstacle = report.features.first.map(\.reason) ?? "no feature could be compared"
            return events
        }
        monitor.obstacle = nil
        if report.isDrifted {
            monitor.driftedInARow += 1
            monitor.quietInARow = 0
            if monitor.driftedInARow >= configuration.persist {
                let isDue = monitor.driftedInARow % configuration.persist == 0
                monitor.phase = .confirmed
                if isDue {
                    events.append(
                        event("drift.confirmed", "\(summary(report)), \(monitor.driftedInARow) windows in a row", payload(report), now))
                }
            } else if monitor.phase != .confirmed {
                monitor.phase = .suspect
                events.append(event("drift.suspected", summary(report), payload(report), now))
            }
        } else {
            monitor.quietInARow += 1
            monitor.driftedInARow = 0
            if monitor.phase == .confirmed, monitor.quietInARow >= configuration.persist {
                events.append(event("drift.cleared", summary(report), payload(report), now))
                monitor.phase = .watching
            } else if monitor.phase != .confirmed {
                monitor.phase = .watching
            }
        }
        return events
    }

    /// The performance of a window as its labels are now: says so once, and notes it in the report, when it has fallen below the gate of
    /// the version that was champion in it, by the configured drop and beyond chance (the whole interval lies below the gate).
    package func performance(_ report: inout WindowReport, gate: Double?, now: Timestamp) -> EventDraft? {
        guard !report.isDropReported, let gate, report.performance.labelled >= 100, report.performance.coverage >= 0.5,
            let value = report.performance.metrics[configuration.performanceMetric], value <= gate - configuration.performanceDrop
        else { return nil }
        let interval = configuration.performanceMetric == "f1" ? report.performance.f1Interval : report.performance.accuracyInterval
        if let interval, interval.upperBound >= gate { return nil }
        report.isDropReported = true
        let text = "\(configuration.performanceMetric) \(rounded(value)) in window \(report.number), \(rounded(gate)) at the gate"
        return event(
            "performance.dropped", text,
            [
                "window": .int(report.number), "metric": .string(configuration.performanceMetric), "value": .double(value),
                "gate": .double(gate),
            ], now)
    }

    private func summary(_ report: WindowReport) -> String {
        let drifted = report.features.filter(\.isDrifted).sorted { ($0.psiCorrected ?? 0) > ($1.psiCorrected ?? 0) }
        let names = drifted.prefix(3).map { "\($0.name) \(rounded($0.psiCorrected ?? 0))" }.joined(separator: ", ")
        let judged = report.features.count { $0.verdict != "learning" && $0.verdict != "not_computable" }
        return "window \(report.number): \(drifted.count) of \(judged) features drifted" + (names.isEmpty ? "" : " (PSI: \(names))")
    }

    private func payload(_ report: WindowReport) -> JSONObject {
        [
            "window": .int(report.number), "rows": .array([.int(report.rows.lowerBound), .int(report.rows.upperBound)]),
            "drifted_share": JSONValue(report.driftedShare), "champion": .string(report.champion),
            "features": .array(report.features.filter(\.isDrifted).map { .string($0.name) }),
        ]
    }

    private func rounded(_ value: Double) -> Double { (value * 1_000).rounded() / 1_000 }

    private func event(_ kind: String, _ reason: String, _ payload: JSONObject, _ now: Timestamp) -> EventDraft {
        EventDraft(
            kind: kind, subject: EventSubject("endpoint", monitor.endpoint), actor: "monitor:\(monitor.endpoint)", reason: reason,
            payload: payload, time: now)
    }
}
