package import Clockwork
import Errors
import Events
import JSON
package import Telemetry

/// Watches one endpoint: cuts its log into windows, judges each, and looks again at the performance of recent windows as labels arrive.
package actor MonitorService: Service {
    package nonisolated let name: String
    private let configuration: MonitorConfiguration
    private let store: any MonitorStore
    private let history: any PredictionHistory
    private let references: any ReferenceSource
    private let champions: any ChampionSource
    private let time: any TimeSource
    private let interval: Duration
    private let logger: Logger
    private var reference: PreparedReference?
    /// Rows of the reference beyond this are sampled away: more would not change a verdict.
    private static let referenceRowsMax = 50_000
    /// Windows whose labels are still waited for.
    private static let openWindowsMax = 50

    package init(
        configuration: MonitorConfiguration, store: any MonitorStore, history: any PredictionHistory, references: any ReferenceSource,
        champions: any ChampionSource, time: any TimeSource, interval: Duration = .seconds(1), logger: Logger
    ) {
        name = "monitor of \(configuration.endpoint)"
        self.configuration = configuration
        self.store = store
        self.history = history
        self.references = references
        self.champions = champions
        self.time = time
        self.interval = interval
        self.logger = logger
    }

    package func run() async throws {
        while true {
            do { while try await step() {} } catch let error as JidokaError {
                logger.warning(
                    "the monitor could not go on", [("endpoint", .string(configuration.endpoint)), ("error", .string(error.description))])
            }
            try await time.sleep(for: interval)
        }
    }

    /// Judges the next window when it is complete. True when there may be another one at once.
    package func step() async throws -> Bool {
        guard let facts = try await champions.champion(endpoint: configuration.endpoint) else { return false }
        let stored = try await store.monitor(endpoint: configuration.endpoint) ?? Monitor(endpoint: configuration.endpoint)
        var machine = MonitorMachine(stored, configuration: configuration)
        let count = try await history.count(endpoint: configuration.endpoint)
        let changed = machine.champion(facts, at: count, now: time.now())
        if !changed.isEmpty {
            reference = nil
            try await store.save(machine.monitor, report: nil, events: changed)
            return true
        }
        try await refreshPerformance(facts)
        let rows = machine.monitor.nextRow..<(machine.monitor.nextRow + Int64(configuration.windowRows))
        guard rows.upperBound <= count, let reference = try await preparedReference(facts) else { return false }
        let window = try await history.window(endpoint: configuration.endpoint, rows: rows)
        var report = WindowEvaluator.evaluate(
            window, against: reference, configuration: configuration, number: machine.monitor.windows, champion: facts.version,
            at: time.now())
        var events = machine.window(report, now: time.now())
        // Labels may have come before the window was full.
        if let dropped = machine.performance(&report, gate: gate(facts, report), now: time.now()) { events.append(dropped) }
        try await store.save(machine.monitor, report: report, events: events)
        return true
    }

    private func preparedReference(_ facts: ChampionFacts) async throws -> PreparedReference? {
        guard let digest = facts.datasetDigest else { return nil }
        if let reference, reference.digest == digest { return reference }
        let columns = try await references.columns(
            datasetDigest: digest, names: facts.featureNames, rowsMax: MonitorService.referenceRowsMax)
        let prepared = PreparedReference(digest: digest, names: facts.featureNames, columns: columns)
        reference = prepared
        return prepared
    }

    private func refreshPerformance(_ facts: ChampionFacts) async throws {
        for var report in try await store.reports(endpoint: configuration.endpoint, limit: MonitorService.openWindowsMax)
        where report.performance.coverage < 1 {
            let labelled = try await history.labelled(endpoint: configuration.endpoint, rows: report.rows)
            guard labelled != report.performance.labelled else { continue }
            let window = try await history.window(endpoint: configuration.endpoint, rows: report.rows)
            report.performance = WindowEvaluator.performance(window, at: time.now())
            let machine = MonitorMachine(Monitor(endpoint: configuration.endpoint), configuration: configuration)
            let dropped = machine.performance(&report, gate: gate(facts, report), now: time.now())
            try await store.update(report, events: dropped.map { [$0] } ?? [])
        }
    }

    /// What the gate measured of the window's champion; nil for windows of an earlier one, whose loss asks for nothing any more.
    private func gate(_ facts: ChampionFacts, _ report: WindowReport) -> Double? {
        report.champion == facts.version ? facts.gateMetrics[configuration.performanceMetric] : nil
    }

    package func state() async throws -> Monitor {
        try await store.monitor(endpoint: configuration.endpoint) ?? Monitor(endpoint: configuration.endpoint)
    }

    package func reports(limit: Int) async throws -> [WindowReport] {
        try await store.reports(endpoint: configuration.endpoint, limit: limit)
    }

    package nonisolated var settings: MonitorConfiguration { configuration }
}
