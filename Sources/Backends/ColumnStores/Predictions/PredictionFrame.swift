import Clockwork
import Errors
import Serving

/// Consecutive rows of one log as the payload of a frame. Lists of feature names are written once for each frame.
struct PredictionFrame {
    /// Position of the first row.
    var first: Int64
    var rows: [PredictionRecord]

    /// Rows in one frame at most; larger batches become several frames.
    static let rowsMax = 2_000

    var payload: [UInt8] {
        var out = ByteWriter()
        out.int64(first)
        var tables: [[String]] = []
        var tableOf: [Int] = []
        for row in rows {
            if let last = tableOf.last, tables[last] == row.featureNames {
                tableOf.append(last)
            } else if let found = tables.firstIndex(of: row.featureNames) {
                tableOf.append(found)
            } else {
                tables.append(row.featureNames)
                tableOf.append(tables.count - 1)
            }
        }
        out.uint32(UInt32(tables.count))
        for names in tables {
            out.uint32(UInt32(names.count))
            for name in names { out.text(name) }
        }
        out.uint32(UInt32(rows.count))
        for (row, table) in zip(rows, tableOf) { PredictionFrame.write(row, table: UInt32(table), to: &out) }
        return out.bytes
    }

    private static func write(_ row: PredictionRecord, table: UInt32, to out: inout ByteWriter) {
        out.text(row.id)
        out.text(row.route.rawValue)
        out.text(row.model)
        out.text(row.version)
        out.text(row.unit == row.id ? "" : row.unit)
        out.int64(row.time.microseconds)
        out.int64(row.latencyMicroseconds)
        out.uint32(table)
        for value in row.features { write(value, to: &out) }
        write(row.prediction, to: &out)
        write(row.score.map(FeatureValue.number) ?? .missing, to: &out)
        write(row.error.map(FeatureValue.text) ?? .missing, to: &out)
    }

    static func write(_ value: FeatureValue, to out: inout ByteWriter) {
        switch value {
        case .missing: out.byte(0)
        case .number(let number):
            out.byte(1)
            out.double(number)
        case .text(let text):
            out.byte(2)
            out.text(text)
        }
    }

    init(first: Int64, rows: [PredictionRecord]) {
        self.first = first
        self.rows = rows
    }

    init(payload: [UInt8], endpoint: String) throws {
        var reader = ByteReader(payload[...])
        first = try reader.int64()
        var tables: [[String]] = []
        for _ in 0..<(try reader.uint32()) {
            var names: [String] = []
            for _ in 0..<(try reader.uint32()) { names.append(try reader.text()) }
            tables.append(names)
        }
        rows = []
        for _ in 0..<(try reader.uint32()) { rows.append(try PredictionFrame.row(&reader, tables: tables, endpoint: endpoint)) }
        guard reader.isAtEnd else { throw JidokaError.internal("a frame is longer than its rows") }
    }

    private static func row(_ reader: inout ByteReader, tables: [[String]], endpoint: String) throws -> PredictionRecord {
        let id = try reader.text()
        let routeName = try reader.text()
        let model = try reader.text()
        let version = try reader.text()
        let unit = try reader.text()
        let time = Timestamp(microseconds: try reader.int64())
        let latency = try reader.int64()
        let table = Int(try reader.uint32())
        guard tables.indices.contains(table), let route = Route(rawValue: routeName) else {
            throw JidokaError.internal("a frame names an unknown route or list of features")
        }
        var features: [FeatureValue] = []
        features.reserveCapacity(tables[table].count)
        for _ in tables[table] { features.append(try value(&reader)) }
        let prediction = try value(&reader)
        var score: Double?
        if case .number(let number) = try value(&reader) { score = number }
        var failure: String?
        if case .text(let text) = try value(&reader) { failure = text }
        return PredictionRecord(
            id: id, endpoint: endpoint, route: route, model: model, version: version, unit: unit.isEmpty ? id : unit, time: time,
            latencyMicroseconds: latency, featureNames: tables[table], features: features, prediction: prediction, score: score,
            error: failure)
    }

    static func value(_ reader: inout ByteReader) throws -> FeatureValue {
        switch try reader.byte() {
        case 0: .missing
        case 1: .number(try reader.double())
        case 2: .text(try reader.text())
        default: throw JidokaError.internal("a frame holds a cell of an unknown kind")
        }
    }
}
