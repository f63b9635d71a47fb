package import Clockwork
package import Monitoring
package import Serving

/// A prediction with its place in the log and its label, as far as that has come.
package struct LoggedPrediction: Sendable {
    package var record: PredictionRecord
    /// Nil for shadow and failed rows, which have no counted place.
    package var position: Int64?
    package var label: Label?
    package var labelArrival: Timestamp?

    package init(record: PredictionRecord, position: Int64?, label: Label?, labelArrival: Timestamp?) {
        self.record = record
        self.position = position
        self.label = label
        self.labelArrival = labelArrival
    }
}

/// What one version's rows have shown since a time.
package struct VersionEvidence: Sendable, Hashable {
    package var rows: Int64
    package var labelled: Int64
    package var correct: Int64

    package init(rows: Int64 = 0, labelled: Int64 = 0, correct: Int64 = 0) {
        self.rows = rows
        self.labelled = labelled
        self.correct = correct
    }
}

/// What of a log stays in memory: for every row its id, time, version, prediction and label (about 75 bytes), and for the rows that are not
/// sealed into a segment yet the whole record. One million rows take about 75 MB.
struct ResidentRows {
    /// The label of one row.
    struct RowLabel {
        var value: PackedValue
        var time: Timestamp?
        var arrival: Timestamp
    }

    private(set) var index = PositionIndex()
    private var times: [Int64] = []
    private var versions: [UInt32] = []
    private var predictions: [PackedValue] = []
    private var labels: [PackedValue] = []
    private var labelTimes: [Int64] = []
    private var arrivals: [Int64] = []
    /// 0: no label yet; 1: the label differs from the prediction; 2: they agree.
    private var marks: [UInt8] = []
    /// The newest time in each chunk of rows, so that `evidence` skips what is older.
    private var chunkTimes: [Int64] = []
    private var texts = TextTable()
    private var versionNames = TextTable()
    /// Rows `sealed..<count`, oldest first.
    private(set) var tail: [PredictionRecord] = []
    private(set) var segments: [Segment] = []
    private static let chunkRows = 4_096
    private static let noTime = Int64.min

    var count: Int { times.count }
    /// Rows that lie in segments; they come first.
    var sealed: Int { segments.last.map { Int($0.first) + $0.count } ?? 0 }

    // MARK: Writing

    /// Adds the light part of a row.
    private mutating func appendLight(id: String, time: Timestamp, version: String, prediction: FeatureValue) {
        index.append(IDKey(id))
        if times.count % ResidentRows.chunkRows == 0 { chunkTimes.append(.min) }
        chunkTimes[chunkTimes.count - 1] = max(chunkTimes[chunkTimes.count - 1], time.microseconds)
        times.append(time.microseconds)
        versions.append(versionNames.code(version))
        predictions.append(texts.pack(prediction))
        labels.append(.missing)
        labelTimes.append(ResidentRows.noTime)
        arrivals.append(0)
        marks.append(0)
    }

    mutating func append(_ rows: some Sequence<PredictionRecord>) {
        for row in rows {
            appendLight(id: row.id, time: row.time, version: row.version, prediction: row.prediction)
            tail.append(row)
        }
    }

    /// Takes a segment found at opening, in order, with the light part of its rows.
    mutating func restore(_ segment: Segment, rows: [Segment.LightRow]) {
        precondition(tail.isEmpty && Int(segment.first) == count && rows.count == segment.count, "segments are restored in order")
        for row in rows { appendLight(id: row.id, time: row.time, version: row.version, prediction: row.prediction) }
        segments.append(segment)
    }

    /// The first rows of the tail lie in a segment now.
    mutating func seal(_ segment: Segment) {
        precondition(Int(segment.first) == sealed && segment.count <= tail.count, "segments are sealed in order")
        segments.append(segment)
        tail.removeFirst(segment.count)
    }

    /// Joins a label to a row; true when the row had one already.
    mutating func join(_ label: Label, at position: Int, arrival: Timestamp) -> Bool {
        let value: FeatureValue =
            switch label.value {
            case .number(let number): .number(number)
            case .text(let text): .text(text)
            }
        let repeated = marks[position] != 0
        labels[position] = texts.pack(value)
        labelTimes[position] = label.time?.microseconds ?? ResidentRows.noTime
        arrivals[position] = arrival.microseconds
        marks[position] = agree(texts.unpack(predictions[position]), value) ? 2 : 1
        return repeated
    }

    // MARK: Reading

    func time(_ position: Int) -> Timestamp { Timestamp(microseconds: times[position]) }
    func version(_ position: Int) -> String { versionNames[versions[position]] }
    func prediction(_ position: Int) -> FeatureValue { texts.unpack(predictions[position]) }
    func isLabelled(_ position: Int) -> Bool { marks[position] != 0 }
    func labelValue(_ position: Int) -> FeatureValue { texts.unpack(labels[position]) }

    func label(_ position: Int, id: String) -> (label: Label, arrival: Timestamp)? {
        guard marks[position] != 0 else { return nil }
        let value: Label.Value =
            switch texts.unpack(labels[position]) {
            case .number(let number): .number(number)
            case .text(let text): .text(text)
            case .missing: .number(.nan)
            }
        let time = labelTimes[position] == ResidentRows.noTime ? nil : Timestamp(microseconds: labelTimes[position])
        return (Label(predictionID: id, value: value, time: time), Timestamp(microseconds: arrivals[position]))
    }

    func labelled(in rows: Range<Int>) -> Int { marks[rows].count { $0 != 0 } }

    /// The newest `limit` positions that have a label, oldest first.
    func newestLabelled(_ limit: Int) -> [Int] {
        var found: [Int] = []
        var position = count - 1
        while position >= 0, found.count < limit {
            if marks[position] != 0 { found.append(position) }
            position -= 1
        }
        return found.reversed()
    }

    /// Rows, labels and agreements of each named version among rows served at `since` or later. Reads two small arrays only.
    func evidence(versions wanted: [String], since: Timestamp) -> [String: VersionEvidence] {
        var slots = [Int](repeating: -1, count: versionNames.texts.count)
        for (slot, name) in wanted.enumerated() { if let code = versionNames.code(ifKnown: name) { slots[Int(code)] = slot } }
        var found = [VersionEvidence](repeating: VersionEvidence(), count: wanted.count)
        for (chunk, newest) in chunkTimes.enumerated() where newest >= since.microseconds {
            let start = chunk * ResidentRows.chunkRows
            for position in start..<min(start + ResidentRows.chunkRows, count) where times[position] >= since.microseconds {
                let slot = slots[Int(versions[position])]
                guard slot >= 0 else { continue }
                found[slot].rows += 1
                if marks[position] != 0 { found[slot].labelled += 1 }
                if marks[position] == 2 { found[slot].correct += 1 }
            }
        }
        return Dictionary(zip(wanted, found)) { first, _ in first }
    }
}
