package import Clockwork
package import Columns
import Errors
import JSON
import Monitoring
package import Serving
import Synchronization
package import Telemetry

/// The prediction log: every answered row, joined with its label whenever that comes.
///
/// `record` queues; the service `run` writes what waits to a write-ahead log, at most `flushInterval` later, with one flush of the disk
/// for each
/// endpoint. After a crash every row that was flushed is there exactly once. Rows beyond `segmentRows` are sealed into Parquet segments.
/// Champion, challenger and named-version rows without an error have positions 0, 1, 2, … in their endpoint's log; shadow and failed rows
/// lie
/// in a log beside it and are found by id only. In memory stay about 75 bytes for each row and the rows that are not sealed yet.
package final class PredictionLog: Service, Sendable {
    package struct Options: Sendable {
        /// Rows that may wait for the writer; rows beyond are dropped and counted.
        package var queueRowsMax = 200_000
        /// Between the first waiting row and the flush that makes it durable.
        package var flushInterval = Duration.milliseconds(100)
        /// Rows of an endpoint that are sealed into one segment.
        package var segmentRows = 25_000
        /// Rows that wait longer are sealed at the next flush, however few they are.
        package var segmentAge = Duration.seconds(6 * 3_600)
        /// Labels kept in memory that came before their prediction, or whose prediction nobody knows. All labels are on disk all the same.
        package var earlyLabelsMax = 200_000
        /// Endpoints with a log; rows of further ones are dropped and counted.
        package var endpointsMax = 1_000

        package init() {}
    }

    package let name = "prediction-log"
    let options: Options
    let engine: ColumnEngine
    let pool: BlockingPool
    let time: any TimeSource
    let logger: Logger
    let labelLog: LabelLog
    /// The newest label of ids that no prediction is known for (yet). Held while rows or labels become visible, so that none misses the
    /// other.
    let early: Mutex<[IDKey: ArrivedLabel]>
    let waitingLabels = Mutex<[LabelTicket]>([])
    let instruments: PredictionInstruments
    private let folder: Folder
    private let logs: Mutex<[LogKey: EndpointLog]>
    private let queue = Mutex(Queue())
    /// Held by the one writer of prediction rows.
    private let writing = Mutex(())
    private let wakeups: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    struct LogKey: Hashable {
        var endpoint: String
        var kind: EndpointLog.Kind
    }

    private struct Queue {
        var rows: [PredictionRecord] = []
    }

    /// Opens the folders (`.jidoka/predictions`, `.jidoka/labels`) and recovers what they hold.
    /// - Throws: `failed_precondition` when a newer program wrote them or a segment is missing.
    package static func open(
        predictions: String, labels: String, engine: ColumnEngine, pool: BlockingPool, time: any TimeSource, logger: Logger,
        metrics: MetricsRegistry,
        options: Options = Options()
    ) async throws -> PredictionLog {
        let recovery = Recovery(
            predictions: Folder(path: predictions), labels: Folder(path: labels), now: time.now(), earlyMax: options.earlyLabelsMax)
        let needsEngine = try await pool.run { try recovery.prepare() }
        // Without segments there is nothing to read with the column engine, and an idle program does not load it.
        let found = try await needsEngine ? engine.session { try recovery.run(session: $0) } : pool.run { try recovery.run(session: nil) }
        return PredictionLog(found, recovery.predictions, engine, pool, time, logger, PredictionInstruments(metrics), options)
    }

    private init(
        _ found: Recovery.Found, _ folder: Folder, _ engine: ColumnEngine, _ pool: BlockingPool, _ time: any TimeSource, _ logger: Logger,
        _ instruments: PredictionInstruments, _ options: Options
    ) {
        (self.folder, self.engine, self.pool, self.time, self.logger) = (folder, engine, pool, time, logger)
        (self.instruments, self.options) = (instruments, options)
        labelLog = found.labels
        early = Mutex(found.early)
        logs = Mutex(found.logs)
        (wakeups, wake) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The logs of one kind.
    func logs(_ kind: EndpointLog.Kind) -> [EndpointLog] { logs.withLock { logs in logs.values.filter { $0.kind == kind } } }

    func log(_ endpoint: String, _ kind: EndpointLog.Kind) -> EndpointLog? { logs.withLock { $0[LogKey(endpoint: endpoint, kind: kind)] } }

    /// Endpoints that have logged rows.
    package var endpoints: [String] { Set(logs.withLock { $0.keys.map(\.endpoint) }).sorted() }

    /// Rows that wait for the writer.
    package var queued: Int { queue.withLock { $0.rows.count } }

    func wakeWriter() { wake.yield() }
}

// MARK: Writing
extension PredictionLog: PredictionSink {
    package func record(_ rows: [PredictionRecord]) {
        let whole = rows.allSatisfy { $0.features.count == $0.featureNames.count }
        let fitting = whole ? rows : rows.filter { $0.features.count == $0.featureNames.count }
        let taken = queue.withLock { queue in
            let taken = min(fitting.count, options.queueRowsMax - queue.rows.count)
            queue.rows.append(contentsOf: fitting.prefix(max(0, taken)))
            return max(0, taken)
        }
        if taken < rows.count { instruments.dropped.add(UInt64(rows.count - taken)) }
        if taken > 0 { wake.yield() }
    }

    /// Writes what waits, again and again, until the task is cancelled; then once more. After a failed write (a full disk) it waits twice
    /// as long as before, at most `retryMax`; after a failed seal the next one is tried `sealRetry` later, and writing goes on meanwhile.
    package func run() async throws {
        var pause = options.flushInterval
        var nextSeal = time.now()
        for await _ in wakeups {
            do { try await time.sleep(for: pause) } catch { break }
            do {
                try await settle()
                pause = options.flushInterval
            } catch {
                let waiting = Int64(queued)
                logger.error("predictions could not be written", [("error", .string("\(error)")), ("waiting", .int(waiting))])
                pause = min(pause * 2, PredictionLog.retryMax)
                wake.yield()  // what could not be written waits in the queue for the next attempt
            }
            if Task.isCancelled { break }
            guard time.now() >= nextSeal else { continue }
            do {
                try await sealDue()
            } catch {
                logger.error("predictions could not be sealed into a segment", [("error", .string("\(error)"))])
                nextSeal = time.now() + PredictionLog.sealRetry
            }
        }
        try await settle()
    }

    private static let retryMax = Duration.seconds(10)
    private static let sealRetry = Duration.seconds(60)

    /// Makes all recorded rows durable and readable, and seals what is due.
    package func flush() async throws {
        try await settle()
        try await sealDue()
    }

    /// Makes all recorded rows durable and readable, those too that the writer has taken from the queue and not shown yet.
    func settle() async throws { try await pool.run { try self.writeQueued() } }

    private func sealDue() async throws {
        let now = time.now()
        let due = logs.withLock { Array($0.values) }
            .filter { $0.isSealDue(rowsMin: options.segmentRows, age: options.segmentAge, at: now) }
        let labelsDue = labelLog.isSealDue
        if due.isEmpty, !labelsDue { return }
        try await engine.session { session in
            try self.writing.withLock { _ in
                for log in due { try log.seal(session: session) }
            }
            if labelsDue { try self.labelLog.seal(session: session) }
        }
    }

    /// Seals all rows and labels into segments, whatever their number.
    package func seal() async throws {
        try await flush()
        let all = logs.withLock { Array($0.values) }
        try await engine.session { session in
            try self.writing.withLock { _ in
                for log in all { try log.seal(session: session) }
            }
            try self.labelLog.seal(session: session)
        }
    }

    /// Blocks. Rows that could not be written go back to the front of the queue.
    private func writeQueued() throws {
        try writing.withLock { _ in
            let rows = queue.withLock { queue in
                defer { queue.rows = [] }
                return queue.rows
            }
            if rows.isEmpty { return }
            let started = time.steadyNanoseconds()
            var groups = Dictionary(grouping: rows) { LogKey(endpoint: $0.endpoint, kind: EndpointLog.Kind($0)) }
            do {
                for (key, rows) in groups {
                    try write(rows, key)
                    groups[key] = nil
                }
            } catch {
                putBack(rows.filter { groups[LogKey(endpoint: $0.endpoint, kind: EndpointLog.Kind($0))] != nil })
                throw error
            }
            instruments.flushSeconds.observe(Double(time.steadyNanoseconds() - started) / 1e9)
        }
    }

    private func write(_ rows: [PredictionRecord], _ key: LogKey) throws {
        guard let log = try openLog(key) else {
            instruments.dropped.add(UInt64(rows.count))
            return
        }
        try log.persist(rows)
        early.withLock { early in
            log.show(rows, at: time.now()) { resident, positions in
                guard key.kind == .counted, !early.isEmpty else { return }
                for (position, row) in zip(positions, rows) {
                    guard let found = early.removeValue(forKey: IDKey(row.id)) else { continue }
                    _ = resident.join(found.label, at: position, arrival: found.arrival)
                }
            }
        }
        instruments.logged.add(UInt64(rows.count))
    }

    private func putBack(_ rows: [PredictionRecord]) {
        let dropped = queue.withLock { queue in
            let room = max(0, options.queueRowsMax - queue.rows.count)
            queue.rows.insert(contentsOf: rows.suffix(room), at: 0)
            return max(0, rows.count - room)
        }
        if dropped > 0 { instruments.dropped.add(UInt64(dropped)) }
    }

    /// The log of a key, made when it is new; nil beyond the limit of endpoints. A new log has no segments to read.
    private func openLog(_ key: LogKey) throws -> EndpointLog? {
        let (found, count) = logs.withLock { ($0[key], $0.count) }
        if let found { return found }
        guard count < options.endpointsMax * EndpointLog.Kind.allCases.count else { return nil }
        let place = Folder(path: folder.file(safeFileName(key.endpoint)) + "/" + key.kind.rawValue)
        let made = try EndpointLog(endpoint: key.endpoint, kind: key.kind, folder: place, session: nil, at: time.now())
        logs.withLock { $0[key] = made }
        return made
    }
}

/// What the log counts.
struct PredictionInstruments: Sendable {
    let logged: Counter
    let dropped: Counter
    let labels: Counter
    let unjoined: Counter
    let flushSeconds: Histogram

    init(_ metrics: MetricsRegistry) {
        logged = metrics.counter("jidoka_predictions_logged_total", help: "Rows made durable in the prediction log.")
        dropped = metrics.counter("jidoka_predictions_dropped_total", help: "Rows that the full queue or a malformed row cost.")
        labels = metrics.counter("jidoka_predictions_labels_total", help: "Labels made durable.")
        unjoined = metrics.counter(
            "jidoka_predictions_labels_unjoined_total", help: "Labels on disk that memory had no room to keep for a later prediction.")
        flushSeconds = metrics.histogram("jidoka_predictions_flush_seconds", help: "Duration of one flush of the prediction log.")
    }
}
