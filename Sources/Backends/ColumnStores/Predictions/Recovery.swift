import Clockwork
import Columns
import Errors
import Monitoring
import Synchronization

/// Opens the folders of the prediction log and of the labels, and joins what they hold.
struct Recovery: Sendable {
    struct Found: Sendable {
        var logs: [PredictionLog.LogKey: EndpointLog]
        var labels: LabelLog
        var early: [IDKey: ArrivedLabel]
    }

    let predictions: Folder
    let labels: Folder
    let now: Timestamp
    let earlyMax: Int

    private static let formatFile = "FORMAT"
    private static let formatVersion = 1

    /// Makes the folders, refuses those of a newer format, and tells whether there are segments to read.
    func prepare() throws -> Bool {
        var hasSegments = false
        for (folder, what) in [(predictions, "predictions"), (labels, "labels")] {
            try folder.create()
            try Recovery.checkFormat(folder, what)
        }
        for (_, _, folder) in try endpointFolders() where try Segment.exist(in: folder) { hasSegments = true }
        return try hasSegments || Segment.exist(in: labels)
    }

    private static func checkFormat(_ folder: Folder, _ what: String) throws {
        guard let bytes = try Folder.read(folder.file(formatFile)) else {
            let text = "jidoka \(what) \(formatVersion)\n"
            try folder.write(Array(text.utf8), to: formatFile + ".tmp")
            return try folder.publish(formatFile + ".tmp", as: formatFile)
        }
        let words = String(decoding: bytes, as: UTF8.self).split { $0 == " " || $0 == "\n" }
        guard words.count == 3, words[0] == "jidoka", words[1] == what, let version = Int(words[2]) else {
            throw JidokaError.failedPrecondition("`\(folder.path)` is not a folder of \(what)", hint: "choose another --home")
        }
        guard version == formatVersion else {
            throw JidokaError.failedPrecondition(
                "`\(folder.path)` has format version \(version); this program knows version \(formatVersion)",
                hint: "run the newer program on this folder")
        }
    }

    private func endpointFolders() throws -> [(endpoint: String, kind: EndpointLog.Kind, folder: Folder)] {
        var found: [(endpoint: String, kind: EndpointLog.Kind, folder: Folder)] = []
        for name in try predictions.names() where !name.hasPrefix(Recovery.formatFile) {
            guard let endpoint = nameOfSafeFile(name) else { continue }
            let inside = Set(try Folder(path: predictions.file(name)).names())
            for kind in EndpointLog.Kind.allCases where inside.contains(kind.rawValue) {
                found.append((endpoint, kind, Folder(path: predictions.file(name) + "/" + kind.rawValue)))
            }
        }
        return found
    }

    /// Predictions first, so that every label finds its row. `session` is needed when there are segments.
    func run(session: ColumnSession?) throws -> Found {
        var logs: [PredictionLog.LogKey: EndpointLog] = [:]
        for (endpoint, kind, folder) in try endpointFolders() {
            let key = PredictionLog.LogKey(endpoint: endpoint, kind: kind)
            logs[key] = try EndpointLog(endpoint: endpoint, kind: kind, folder: folder, session: session, at: now)
        }
        let counted = logs.values.filter { $0.kind == .counted }
        var early: [IDKey: ArrivedLabel] = [:]
        let labelLog = try LabelLog(folder: labels, session: session) { item in
            if join(item, to: counted) == nil, early.count < earlyMax { early[IDKey(item.label.predictionID)] = item }
        }
        return Found(logs: logs, labels: labelLog, early: early)
    }
}

/// Joins a label to its prediction; nil when none of the logs holds it, else whether it had a label already.
func join(_ item: ArrivedLabel, to logs: [EndpointLog]) -> Bool? {
    let key = IDKey(item.label.predictionID)
    for log in logs {
        let repeated: Bool? = log.rows.withLock { rows in
            rows.index.position(key).map { rows.join(item.label, at: $0, arrival: item.arrival) }
        }
        if let repeated { return repeated }
    }
    return nil
}
