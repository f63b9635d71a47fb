import Clockwork
import Columns
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

    /// Opens the folder: takes the segments in order, then the rows of the write-ahead log that no segment holds. `session` reads segments.
    init(endpoint: String, kind: Kind, folder: Folder, session: ColumnSession?, at now: Timestamp) throws {
        self.endpoint = endpoint
        self.kind = kind
        self.folder = folder
        try folder.create()
        var restored = ResidentRows()
        for segment in try Segment.all(in: folder, session: session) {
            try EndpointLog.require(Int(segment.first) == restored.count, folder, from: restored.count)
            restored.restore(segment, rows: try segment.lightRows(session: session))
        }
        let sealed = restored.count
        let name = try FrameFile.current(in: folder, sealed: sealed)
        let opened = try FrameFile(path: folder.file(name)) { payload in
            let frame = try PredictionFrame(payload: payload, endpoint: endpoint)
            let known = restored.count - Int(frame.first)
            try EndpointLog.require(known >= 0, folder, from: restored.count)
            // Rows that a segment holds already were sealed just before the program ended.
            if known < frame.rows.count { restored.append(frame.rows.dropFirst(known)) }
        }
        if restored.count > sealed { tailStarted.withLock { $0 = now } }
        rows = Mutex(restored)
        file = Mutex(opened)
    }

    private static func require(_ holds: Bool, _ folder: Folder, from row: Int) throws {
        guard !holds else { return }
        throw JidokaError.failedPrecondition(
            "the log in `\(folder.path)` lacks rows from \(row) on",
            hint: "restore the folder from a backup, or move it away to begin a new log")
    }

    /// Writes rows durably, behind those that are there; the next `show` must be given the same rows.
    func persist(_ new: [PredictionRecord]) throws {
        let first = rows.withLock { $0.count }
        var payloads: [[UInt8]] = []
        var at = 0
        while at < new.count {
            let part = Array(new[at..<min(at + PredictionFrame.rowsMax, new.count)])
            payloads.append(PredictionFrame(first: Int64(first + at), rows: part).payload)
            at += part.count
        }
        try file.withLock { try $0.append(payloads) }
    }

    /// Shows persisted rows to readers; `joining` runs in the same moment and joins labels that came before their predictions.
    func show(_ new: [PredictionRecord], at now: Timestamp, joining: (inout ResidentRows, Range<Int>) -> Void) {
        rows.withLock { rows in
            let first = rows.count
            rows.append(new)
            joining(&rows, first..<rows.count)
        }
        tailStarted.withLock { $0 = $0 ?? now }
    }

    /// Whether the tail holds `rowsMin` rows or is older than `age`.
    func isSealDue(rowsMin: Int, age: Duration, at now: Timestamp) -> Bool {
        let count = rows.withLock { $0.tail.count }
        return count > 0 && (count >= rowsMin || tailStarted.withLock { $0.map { now - $0 > age } ?? false })
    }

    /// Writes the tail into a segment. A crash at any point leaves every row exactly once: the segment appears whole by a rename, and at
    /// opening the rows that it holds are skipped in the write-ahead log.
    func seal(session: ColumnSession) throws {
        let (first, tail) = rows.withLock { ($0.sealed, $0.tail) }
        guard !tail.isEmpty else { return }
        let segment = try Segment.write(tail, first: Int64(first), in: folder, session: session)
        rows.withLock { $0.seal(segment) }
        tailStarted.withLock { $0 = nil }
        try file.withLock { file in
            let old = file.path
            file = try FrameFile(path: folder.file("wal-\(first + tail.count)")) { _ in }
            try Folder.synchronize(folder.path)
            if old != file.path { try folder.remove(String(old.dropFirst(folder.path.utf8.count + 1))) }
        }
    }
}
