import Clockwork
import Errors
import Serving
import Synchronization

/// One log of an endpoint: the rows that count, or those beside (shadow and failed rows). It owns a folder.
final class EndpointLog: Sendable {
    enum Kind: String, Sendable, CaseIterable {
        /// Champion, challenger and named-version rows without an error; their positions are what monitoring counts.
        case counted = "rows"
        /// Shadow rows and failed rows: kept for tracing, never counted.
        case beside

        init(_ row: PredictionRecord) { self = row.route == .shadow || row.error != nil ? .beside : .counted }
    }

    let endpoint: String
    let kind: Kind
    let folder: Folder
    let rows: Mutex<ResidentRows>
    /// Held by the one writer, for as long as a write or a seal takes; never together with `rows` while a file is touched.
    private let file: Mutex<FrameFile>
    private let tailStarted = Mutex<Timestamp?>(nil)

    /// Opens the folder: drops half-made files, takes the segments in order, then the rows of the write-ahead log that no segment holds.
    init(endpoint: String, kind: Kind, folder: Folder, segments store: SegmentStore, at now: Timestamp) throws {
        self.endpoint = endpoint
        self.kind = kind
        self.folder = folder
        try folder.create()
        var restored = ResidentRows()
        for segment in try store.segments(in: folder) {
            guard Int(segment.first) == restored.count else {
                throw JidokaError.failedPrecondition(
                    "the prediction log of `\(endpoint)` lacks its rows from \(restored.count) to \(segment.first)",
                    hint: "restore the missing segment in `\(folder.path)` from a backup")
            }
            restored.restore(segment, rows: try store.lightRows(of: segment))
        }
        let sealed = restored.count
        let name = try EndpointLog.currentFile(in: folder, sealed: sealed)
        let opened = try FrameFile(path: folder.file(name)) { payload in
            let frame = try PredictionFrame(payload: payload, endpoint: endpoint)
            let known = restored.count - Int(frame.first)
            guard known >= 0 else {
                throw JidokaError.failedPrecondition(
                    "the prediction log of `\(endpoint)` lacks its rows from \(restored.count) to \(frame.first)",
                    hint: "restore `\(folder.path)` from a backup")
            }
            // Rows that a segment holds already were sealed just before the program ended.
            if known < frame.rows.count { restored.append(frame.rows.dropFirst(known)) }
        }
        if restored.count > sealed { tailStarted.withLock { $0 = now } }
        rows = Mutex(restored)
        file = Mutex(opened)
    }

    /// The newest write-ahead log. Older ones were replaced after a seal, so all their rows are in segments.
    private static func currentFile(in folder: Folder, sealed: Int) throws -> String {
        let files = try folder.names().compactMap { name in
            name.hasPrefix("wal-") ? Int(name.dropFirst(4)).map { (name: name, first: $0) } : nil
        }
        let ordered = files.sorted { $0.first < $1.first }
        guard let newest = ordered.last else { return "wal-\(sealed)" }
        for older in ordered.dropLast() {
            guard newest.first <= sealed else {
                throw JidokaError.failedPrecondition(
                    "the prediction log in `\(folder.path)` lacks its rows from \(sealed) to \(newest.first)", hint: "restore it from a backup")
            }
            try folder.remove(older.name)
        }
        return newest.name
    }

    /// Adds rows durably, then shows them to readers. `taking` runs in the same moment, with the positions that the rows got.
    func append(_ new: [PredictionRecord], at now: Timestamp, showing: (inout ResidentRows, Range<Int>) -> Void) throws {
        let first = rows.withLock { $0.count }
        var payloads: [[UInt8]] = []
        var at = 0
        while at < new.count {
            let part = Array(new[at..<min(at + PredictionFrame.rowsMax, new.count)])
            payloads.append(PredictionFrame(first: Int64(first + at), rows: part).payload)
            at += part.count
        }
        try file.withLock { try $0.append(payloads) }
        rows.withLock { rows in
            rows.append(new)
            showing(&rows, first..<first + new.count)
        }
        tailStarted.withLock { $0 = $0 ?? now }
    }

    /// Writes the tail into a segment when it holds `rowsMin` rows or is older than `age`. A crash at any point leaves every row exactly once:
    /// the segment appears whole by a rename, and at opening the rows that it holds are skipped in the write-ahead log.
    func seal(rowsMin: Int, age: Duration, at now: Timestamp, segments store: SegmentStore) throws {
        let (first, tail) = rows.withLock { ($0.sealed, $0.tail) }
        let old = tailStarted.withLock { $0.map { now - $0 > age } ?? false }
        guard !tail.isEmpty, tail.count >= rowsMin || old else { return }
        let segment = try store.write(tail, first: Int64(first), in: folder)
        rows.withLock { $0.seal(segment) }
        tailStarted.withLock { $0 = nil }
        try file.withLock { file in
            let old = file.path
            file = try FrameFile(path: folder.file("wal-\(first + tail.count)")) { _ in }
            try Folder.synchronize(folder.path)
            try folder.remove(String(old.dropFirst(folder.path.count + 1)))
        }
    }
}
