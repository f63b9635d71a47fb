import Tracking

/// The lines of a metric file: `<milliseconds> <value> [<step> [<run> ][<dataset> <digest>]]`. A last line without its end is one that is
/// still being written, or that a kill tore: it does not count yet.
package struct MetricLines: Sendable {
    package private(set) var rows: [(timestamp: Int64, value: Double, step: Int64, rest: [String])] = []
    /// Complete lines that say no point.
    package private(set) var damaged = 0

    package init(bytes: [UInt8]) {
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return }
        for line in bytes[...end].split(separator: UInt8(ascii: "\n")) {
            let words = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
            guard words.count >= 2, let time = Int64(words[0]), let value = MetricLines.value(words[1]),
                let step = words.count > 2 ? Int64(words[2]) : 0
            else {
                damaged += 1
                continue
            }
            rows.append((time, value, step, Array(words.dropFirst(3))))
        }
    }

    /// Python's words for numbers.
    static func value(_ word: String) -> Double? {
        switch word.lowercased() {
        case "nan", "-nan": .nan
        case "inf", "infinity": .infinity
        case "-inf", "-infinity": -.infinity
        default: Double(word)
        }
    }

    /// Points of a run; those of a logged model name the run first.
    func points(key: String, modelID: String? = nil) -> [Metric] {
        rows.map { row in
            var rest = row.rest
            let run = modelID == nil || rest.isEmpty ? nil : rest.removeFirst()
            let dataset = rest.count >= 2 ? (rest.dropLast().joined(separator: " "), rest[rest.count - 1]) : nil
            return Metric(
                key: key, value: row.value, timestamp: row.timestamp, step: row.step, modelID: modelID, datasetName: dataset?.0,
                datasetDigest: dataset?.1, runID: run)
        }
    }
}
