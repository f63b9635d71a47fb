import Clockwork
import Columns
import Errors
import Monitoring
import Serving
import Synchronization

/// A label with the moment of its arrival.
struct ArrivedLabel: Sendable, Hashable {
    var label: Label
    var arrival: Timestamp
}

/// Labels on disk, in the order of arrival: a write-ahead log, sealed into segments. What they mean for predictions is in `ResidentRows`.
final class LabelLog: Sendable {
    private struct State {
        var file: FrameFile
        /// Labels in segments.
        var sealed: Int64
        /// Labels in all.
        var count: Int64
    }
    private let folder: Folder
    private let state: Mutex<State>
    private static let segmentRows = 50_000
    private static let noTime = Int64.min

    /// Hands every label to `replay`, oldest first.
    init(folder: Folder, session: ColumnSession?, replay: (ArrivedLabel) -> Void) throws {
        self.folder = folder
        try folder.create()
        var sealed: Int64 = 0
        for name in try folder.names() where name.hasSuffix(".tmp") { try folder.remove(name) }
        let found = try folder.names().compactMap { name in Segment.numbers(of: name).map { (name: name, first: $0.first, count: $0.count) }
        }
        for (name, first, count) in found.sorted(by: { $0.first < $1.first }) {
            guard first == sealed else {
                throw JidokaError.failedPrecondition(
                    "the labels in `\(folder.path)` lack those from \(sealed) on", hint: "restore them from a backup")
            }
            try LabelLog.read(folder.file(name), count: count, session: session, replay)
            sealed += Int64(count)
        }
        var total = sealed
        let name = try FrameFile.current(in: folder, sealed: Int(sealed))
        let file = try FrameFile(path: folder.file(name)) { payload in
            let (first, labels) = try LabelLog.decode(payload)
            let known = Int(total - first)
            guard known >= 0 else {
                throw JidokaError.failedPrecondition(
                    "the labels in `\(folder.path)` lack those from \(total) on", hint: "restore them from a backup")
            }
            guard known < labels.count else { return }
            for label in labels.dropFirst(known) { replay(label) }
            total = first + Int64(labels.count)
        }
        state = Mutex(State(file: file, sealed: sealed, count: total))
    }

    /// Runs `take` alone and writes what it gives durably in one flush, then runs `done`; both in the same exclusive moment.
    func commit(_ take: () -> [[ArrivedLabel]], done: ((any Error)?) -> Void) {
        state.withLock { state in
            let batches = take().filter { !$0.isEmpty }
            guard !batches.isEmpty else { return done(nil) }
            var first = state.count
            var payloads: [[UInt8]] = []
            for labels in batches {
                payloads.append(LabelLog.encode(labels, first: first))
                first += Int64(labels.count)
            }
            do {
                try state.file.append(payloads)
                state.count = first
                done(nil)
            } catch {
                done(error)
            }
        }
    }

    var isSealDue: Bool { state.withLock { $0.count - $0.sealed >= LabelLog.segmentRows } }

    /// Writes the labels of the write-ahead log into a segment; crash-safe in the way of `EndpointLog.seal`.
    func seal(session: ColumnSession) throws {
        try state.withLock { state in
            var labels: [ArrivedLabel] = []
            let sealed = state.sealed
            _ = try FrameFile(path: state.file.path) { payload in
                let (first, batch) = try LabelLog.decode(payload)
                labels += batch.dropFirst(max(0, Int(sealed + Int64(labels.count) - first)))
            }
            guard Int64(labels.count) == state.count - sealed else {
                throw JidokaError.internal("the label log does not hold what was written")
            }
            if labels.isEmpty { return }
            let name = "segment-\(sealed)-\(labels.count).parquet"
            try session.writeParquet(LabelLog.columns(labels, first: sealed), to: folder.file(name + ".tmp"))
            try folder.publish(name + ".tmp", as: name)
            state.sealed = state.count
            let old = state.file.path
            state.file = try FrameFile(path: folder.file("wal-\(state.count)")) { _ in }
            try Folder.synchronize(folder.path)
            if old != state.file.path { try folder.remove(String(old.dropFirst(folder.path.utf8.count + 1))) }
        }
    }

    // MARK: Forms

    private static func encode(_ labels: [ArrivedLabel], first: Int64) -> [UInt8] {
        var out = ByteWriter()
        out.int64(first)
        out.uint32(UInt32(labels.count))
        for item in labels {
            out.text(item.label.predictionID)
            PredictionFrame.write(FeatureValue(item.label.value), to: &out)
            out.int64(item.label.time?.microseconds ?? noTime)
            out.int64(item.arrival.microseconds)
        }
        return out.bytes
    }

    private static func decode(_ payload: [UInt8]) throws -> (first: Int64, labels: [ArrivedLabel]) {
        var reader = ByteReader(payload[...])
        let first = try reader.int64()
        var labels: [ArrivedLabel] = []
        for _ in 0..<(try reader.uint32()) {
            let id = try reader.text()
            let value = try PredictionFrame.value(&reader)
            let time = try reader.int64()
            let arrival = try reader.int64()
            guard let value = Label.Value(value) else { throw JidokaError.internal("a label in the log has no value") }
            let label = Label(predictionID: id, value: value, time: time == noTime ? nil : Timestamp(microseconds: time))
            labels.append(ArrivedLabel(label: label, arrival: Timestamp(microseconds: arrival)))
        }
        return (first, labels)
    }

    private static func columns(_ labels: [ArrivedLabel], first: Int64) -> [Column] {
        let values = labels.map { FeatureValue($0.label.value) }
        let times = labels.map(\.label.time)
        return [
            Column("sequence", .integers(labels.indices.map { first + Int64($0) })),
            Column("prediction_id", .strings(labels.map(\.label.predictionID))), Column("label_number", numbers: values),
            Column("label_text", texts: values),
            Column("time", .timestamps(times.map { $0?.microseconds ?? 0 }), validity: times.map { $0 != nil }),
            Column("arrival", .timestamps(labels.map(\.arrival.microseconds))),
        ]
    }

    private static func read(_ path: String, count: Int, session: ColumnSession?, _ replay: (ArrivedLabel) -> Void) throws {
        guard let session else { throw JidokaError.internal("label segments were opened without the column engine") }
        let file = ColumnFile(path: path, format: .parquet).sql
        let table = try session.query(
            "SELECT prediction_id, label_number, label_text, time, arrival FROM \(file) ORDER BY sequence", maximumRows: count + 1)
        guard table.rowCount == count else {
            throw JidokaError.failedPrecondition(
                "the label segment `\(path)` holds \(table.rowCount) rows where its name says \(count)", hint: "restore it from a backup")
        }
        let ids = table.columns[0].strings()
        let values = FeatureCells(numbers: table.columns[1], texts: table.columns[2])
        let times = try table.columns[3].integers()
        let arrivals = try table.columns[4].integers()
        for row in 0..<count {
            guard let id = ids[row], let value = Label.Value(values[row]) else {
                throw JidokaError.internal("a stored label has no id or no value")
            }
            let time = table.columns[3].isNull(row) ? nil : Timestamp(microseconds: times[row])
            replay(ArrivedLabel(label: Label(predictionID: id, value: value, time: time), arrival: Timestamp(microseconds: arrivals[row])))
        }
    }
}

extension FeatureValue {
    init(_ label: Label.Value) {
        switch label {
        case .number(let number): self = .number(number)
        case .text(let text): self = .text(text)
        }
    }
}

extension Label.Value {
    init?(_ value: FeatureValue) {
        switch value {
        case .missing: return nil
        case .number(let number): self = .number(number)
        case .text(let text): self = .text(text)
        }
    }
}
