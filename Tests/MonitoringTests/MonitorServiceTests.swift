import Clockwork
import Conformance
import Errors
import Events
import Monitoring
import Synchronization
import Telemetry
import Testing

/// The log of one endpoint in memory: windows are drawn as they are asked for, labels arrive when the test says so.
private final class FakeHistory: PredictionHistory, ReferenceSource, ChampionSource {
    private struct State {
        var count: Int64 = 0
        var shiftFrom: Int64 = .max
        var labelledUpTo: Int64 = 0
        var skill = 0.8
        var facts: ChampionFacts?
        var references = 0
    }
    private let state = Mutex(State())

    func grow(by rows: Int64, shifted: Bool = false) {
        state.withLock { state in
            if shifted { state.shiftFrom = min(state.shiftFrom, state.count) }
            state.count += rows
        }
    }
    func label(upTo row: Int64, skill: Double = 0.8) {
        state.withLock {
            $0.labelledUpTo = row
            $0.skill = skill
        }
    }
    func promote(_ version: String, digest: String? = "d1", accuracy: Double = 0.8) {
        state.withLock {
            $0.facts = ChampionFacts(
                version: version, datasetDigest: digest, featureNames: SyntheticWindow.names, gateMetrics: ["accuracy": accuracy])
        }
    }
    var referencesRead: Int { state.withLock { $0.references } }

    func champion(endpoint: String) async throws -> ChampionFacts? { state.withLock { $0.facts } }

    func columns(datasetDigest: String, names: [String], rowsMax: Int) async throws -> [FeatureColumn] {
        state.withLock { $0.references += 1 }
        return SyntheticWindow(rows: 5_000, seed: 99).columns
    }

    func count(endpoint: String) async throws -> Int64 { state.withLock { $0.count } }

    func window(endpoint: String, rows: Range<Int64>) async throws -> PredictionWindow {
        let state = state.withLock { $0 }
        guard rows.upperBound <= state.count else { throw JidokaError.internal("rows beyond the log were asked for") }
        var synthetic = SyntheticWindow(rows: rows.count, seed: UInt64(rows.lowerBound) + 1)
        synthetic.shift = rows.lowerBound >= state.shiftFrom ? 10 : 0
        synthetic.skill = state.skill
        return synthetic.window(first: rows.lowerBound, labelled: labelled(rows, state))
    }

    private func labelled(_ rows: Range<Int64>, _ state: State) -> Int {
        Int(max(0, min(state.labelledUpTo, rows.upperBound) - rows.lowerBound))
    }

    func labelled(endpoint: String, rows: Range<Int64>) async throws -> Int64 { Int64(labelled(rows, state.withLock { $0 })) }
}

struct MonitorServiceTests {
    private let log = MemoryEventLog()
    private let history = FakeHistory()
    private let store: MemoryMonitorStore

    init() { store = MemoryMonitorStore(log: log) }

    private func service() -> MonitorService {
        MonitorService(
            configuration: MonitorConfiguration(endpoint: "e", windowRows: 500), store: store, history: history, references: history,
            champions: history, time: VirtualTime(), logger: Logger(sink: MemorySink()))
    }

    private func settle(_ service: MonitorService) async throws { while try await service.step() {} }

    private func kinds() async throws -> [String] {
        try await log.events(after: 0, limit: 1_000, kinds: nil, subject: nil).map(\.draft.kind)
    }

    @Test func `nothing happens before there is a champion`() async throws {
        history.grow(by: 5_000)
        let service = service()
        try await settle(service)
        #expect(try await service.state() == Monitor(endpoint: "e"))
        #expect(try await kinds().isEmpty)
    }

    @Test func `complete windows are judged, an incomplete one waits`() async throws {
        history.promote("1")
        history.grow(by: 1_700)
        let service = service()
        try await settle(service)
        #expect(try await service.reports(limit: 10).map(\.rows) == [1_000..<1_500, 500..<1_000, 0..<500])
        #expect(try await service.state().phase == .watching)
        history.grow(by: 299)
        try await settle(service)
        #expect(try await service.state().windows == 3)
        history.grow(by: 1)
        try await settle(service)
        #expect(try await service.state().windows == 4)
        #expect(history.referencesRead == 1)
    }

    @Test func `drift is confirmed and clears with a new champion`() async throws {
        history.promote("1")
        history.grow(by: 1_000)
        let service = service()
        try await settle(service)
        history.grow(by: 1_000, shifted: true)
        try await settle(service)
        #expect(try await service.state().phase == .confirmed)
        let said = try await kinds().filter { $0 != "window.evaluated" }
        #expect(said == ["monitor.enabled", "drift.suspected", "drift.confirmed"])
        history.promote("2", digest: "d2")
        history.grow(by: 120, shifted: true)
        try await settle(service)
        #expect(try await service.state().phase == .learning)
        #expect(try await service.state().nextRow == 2_120)
        #expect(try await kinds().last == "monitor.enabled")
    }

    @Test func `a restarted monitor goes on where it was`() async throws {
        history.promote("1")
        history.grow(by: 1_100)
        try await settle(service())
        history.grow(by: 500)
        let second = service()
        try await settle(second)
        #expect(try await second.state().windows == 3)
        #expect(try await kinds().count { $0 == "window.evaluated" } == 3)
        #expect(try await kinds().count { $0 == "monitor.enabled" } == 1)
    }

    @Test func `late labels open the window again, and a loss is said once`() async throws {
        history.promote("1")
        history.grow(by: 1_000)
        let service = service()
        try await settle(service)
        #expect(try await service.reports(limit: 10).allSatisfy { $0.performance.labelled == 0 })
        history.label(upTo: 200, skill: 0.6)
        try await settle(service)
        let first = try #require(try await store.report(endpoint: "e", number: 0))
        #expect(first.performance.coverage == 0.4)
        #expect(try await !kinds().contains("performance.dropped"))
        history.label(upTo: 500, skill: 0.6)
        try await settle(service)
        #expect(try await kinds().count { $0 == "performance.dropped" } == 1)
        // It recovers as more is known, and falls again: it was said.
        history.label(upTo: 499, skill: 0.8)
        try await settle(service)
        history.label(upTo: 500, skill: 0.6)
        try await settle(service)
        #expect(try await kinds().count { $0 == "performance.dropped" } == 1)
        history.label(upTo: 1_000, skill: 0.6)
        try await settle(service)
        #expect(try await kinds().count { $0 == "performance.dropped" } == 2)
    }

    @Test func `labels that came before the window was full count too`() async throws {
        history.promote("1")
        history.label(upTo: 10_000, skill: 0.5)
        history.grow(by: 500)
        try await settle(service())
        #expect(try await kinds() == ["monitor.enabled", "window.evaluated", "performance.dropped"])
    }

    @Test func `a window of an earlier champion is not held against the gate of the next`() async throws {
        history.promote("1", accuracy: 0.7)
        history.grow(by: 500)
        let service = service()
        try await settle(service)
        history.promote("2", accuracy: 0.95)
        history.label(upTo: 500, skill: 0.75)
        try await settle(service)
        let report = try #require(try await store.report(endpoint: "e", number: 0))
        #expect(report.performance.coverage == 1)
        #expect(try await !kinds().contains("performance.dropped"))
    }

    @Test func `a champion without a dataset is not judged and says why`() async throws {
        history.promote("1", digest: nil)
        history.grow(by: 1_000)
        let service = service()
        try await settle(service)
        #expect(try await service.state().windows == 0)
        #expect(try await service.state().obstacle?.contains("names no dataset version") == true)
    }
}
