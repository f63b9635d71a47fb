import Clockwork
import ColumnStores
import ContinuousTraining
import Datasets
import Errors
import Events
import Line
import Monitoring
import Pipelines
import SQLStores
import Synchronization
import Telemetry
import Tracking

/// The monitors and training loops that the line declares: started with the server, replaced when the line is reloaded.
final class Watchers: Service {
    let name = "watchers"
    private let make: @Sendable (Line?) -> Set
    private let line: LineState
    private let current: Mutex<Set>
    /// nil while `run` does not run.
    private let changed = Mutex<AsyncStream<Void>.Continuation?>(nil)

    struct Set: Sendable {
        var monitors: [String: MonitorService] = [:]
        var loops: [String: TrainingLoopService] = [:]
        var services: [any Service] = []
    }

    var monitors: [String: MonitorService] { current.withLock { $0.monitors } }
    var loops: [String: TrainingLoopService] { current.withLock { $0.loops } }

    init(
        base: Foundation, events: SQLEventLog, line: LineState, log: PredictionLog, datasets: DatasetService, areas: ModelAreas,
        tracking: TrackingService, pipelines: PipelineService, temporary: String
    ) {
        self.line = line
        let champions = ChampionFactsSource(
            serving: areas.serving, registry: areas.registry, gates: areas.gates, tracking: tracking, line: line)
        let desk = RetrainDesk(
            line: line, log: log, datasets: datasets, pipelines: pipelines, releases: areas.releases, rollouts: areas.rollouts,
            temporary: temporary)
        make = { line in
            var set = Set()
            guard let line, let endpoint = line.endpoint?.name else { return set }
            if let declared = line.monitor {
                let monitor = MonitorService(
                    configuration: MonitorConfiguration(endpoint, declared), store: SQLMonitorStore(database: base.database), history: log,
                    references: areas.columns, champions: champions, time: base.time, logger: base.logger)
                set.monitors[endpoint] = monitor
                set.services.append(monitor)
            }
            for policy in line.retrainPolicies.prefix(1) {
                let loop = TrainingLoopService(
                    endpoint: endpoint, policy: policy, store: SQLTrainingLoopStore(database: base.database), log: events, actions: desk,
                    time: base.time,
                    ids: base.ids, logger: base.logger)
                set.loops[endpoint] = loop
                set.services.append(TrainingLoopRunner(loop: loop, endpoint: endpoint, time: base.time, logger: base.logger))
            }
            return set
        }
        current = Mutex(make(line.line))
    }

    /// Puts the newest line in force.
    func reload() {
        let set = make(line.line)
        current.withLock { $0 = set }
        changed.withLock { _ = $0?.yield() }
    }

    func run() async throws {
        let (stream, changed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.changed.withLock { $0 = changed }
        var changes = stream.makeAsyncIterator()
        while !Task.isCancelled {
            let services = current.withLock { $0.services }
            await withTaskGroup(of: Void.self) { group in
                for service in services { group.addTask { await Watchers.run(service) } }
                _ = await changes.next()
                group.cancelAll()
            }
        }
    }

    /// A service ends only when it is cancelled: each of them deals with its own errors.
    private static func run(_ service: any Service) async {
        do { try await service.run() } catch { return }
    }
}

extension MonitorConfiguration {
    init(_ endpoint: String, _ declared: MonitorDeclaration) {
        self.init(
            endpoint: endpoint, windowRows: declared.windowRows, driftShare: declared.driftShare, persist: declared.persist,
            performanceMetric: declared.performanceMetric, performanceDrop: declared.performanceDrop)
    }
}
