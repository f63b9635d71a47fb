import Errors
package import JSON

/// What a dataset version looks like, column by column.
package struct DatasetProfile: Sendable, Hashable {
    package var rows: Int64
    package var columns: [ColumnProfile]

    package init(rows: Int64, columns: [ColumnProfile]) {
        self.rows = rows
        self.columns = columns
    }

    package var json: JSONObject { ["rows": .int(rows), "columns": .array(columns.map { .object($0.json) })] }
}

/// One column's figures. Statistics leave out missing cells and, for numbers, NaN and the infinities.
package struct ColumnProfile: Sendable, Hashable {
    /// One end-closed step of a distribution.
    package struct Bin: Sendable, Hashable {
        package var low: Double
        package var high: Double
        package var count: Int64
        package init(low: Double, high: Double, count: Int64) {
            self.low = low
            self.high = high
            self.count = count
        }
    }
    package struct TopValue: Sendable, Hashable {
        package var value: String
        package var count: Int64
        package init(value: String, count: Int64) {
            self.value = value
            self.count = count
        }
    }
    package struct Quantile: Sendable, Hashable {
        package var share: Double
        package var value: Double
        package init(share: Double, value: Double) {
            self.share = share
            self.value = value
        }
    }

    package var name: String
    package var type: String
    /// Cells that hold a value.
    package var count: Int64
    package var missing: Int64
    /// A HyperLogLog estimate, within about 2 %.
    package var distinct: Int64
    /// Smallest and largest value as text, for every type that has an order.
    package var minimum: String?
    package var maximum: String?
    package var mean: Double?
    /// Sample standard deviation; nil below two values.
    package var deviation: Double?
    package var quantiles: [Quantile]
    /// The most frequent values, at most 10; empty for columns that hardly repeat.
    package var top: [TopValue]
    /// Equal-width bins from the smallest to the largest number; empty for other types.
    package var histogram: [Bin]

    package init(
        name: String, type: String, count: Int64, missing: Int64, distinct: Int64, minimum: String? = nil, maximum: String? = nil,
        mean: Double? = nil,
        deviation: Double? = nil, quantiles: [Quantile] = [], top: [TopValue] = [], histogram: [Bin] = []
    ) {
        self.name = name
        self.type = type
        self.count = count
        self.missing = missing
        self.distinct = distinct
        self.minimum = minimum
        self.maximum = maximum
        self.mean = mean
        self.deviation = deviation
        self.quantiles = quantiles
        self.top = top
        self.histogram = histogram
    }

    package var json: JSONObject {
        var object: JSONObject = [
            "name": .string(name), "type": .string(type), "count": .int(count), "missing": .int(missing), "distinct": .int(distinct),
        ]
        object["min"] = minimum.map(JSONValue.string)
        object["max"] = maximum.map(JSONValue.string)
        object["mean"] = mean.map(JSONValue.double)
        object["stdev"] = deviation.map(JSONValue.double)
        if !quantiles.isEmpty {
            object["quantiles"] = .array(quantiles.map { ["share": .double($0.share), "value": .double($0.value)] })
        }
        if !top.isEmpty { object["top"] = .array(top.map { ["value": .string($0.value), "count": .int($0.count)] }) }
        if !histogram.isEmpty {
            object["histogram"] = .array(histogram.map { ["low": .double($0.low), "high": .double($0.high), "count": .int($0.count)] })
        }
        return object
    }
}

extension DatasetProfile {
    /// Reads back what `json` wrote. - Throws: `internal` when the text is of another shape.
    package init(json: JSONObject) throws {
        guard let rows = json["rows"]?.intValue, let columns = json["columns"]?.arrayValue else {
            throw JidokaError.internal("a stored profile lacks its rows or columns")
        }
        self.init(rows: rows, columns: try columns.map { try ColumnProfile(json: $0) })
    }
}

extension ColumnProfile {
    init(json: JSONValue) throws {
        guard let name = json["name"]?.stringValue, let type = json["type"]?.stringValue, let count = json["count"]?.intValue,
            let missing = json["missing"]?.intValue, let distinct = json["distinct"]?.intValue
        else { throw JidokaError.internal("a stored column profile lacks a member") }
        self.init(
            name: name, type: type, count: count, missing: missing, distinct: distinct, minimum: json["min"]?.stringValue,
            maximum: json["max"]?.stringValue, mean: json["mean"]?.doubleValue, deviation: json["stdev"]?.doubleValue)
        quantiles = (json["quantiles"]?.arrayValue ?? []).compactMap { item in
            guard let share = item["share"]?.doubleValue, let value = item["value"]?.doubleValue else { return nil }
            return Quantile(share: share, value: value)
        }
        top = (json["top"]?.arrayValue ?? []).compactMap { item in
            guard let value = item["value"]?.stringValue, let count = item["count"]?.intValue else { return nil }
            return TopValue(value: value, count: count)
        }
        histogram = (json["histogram"]?.arrayValue ?? []).compactMap { item in
            guard let low = item["low"]?.doubleValue, let high = item["high"]?.doubleValue, let count = item["count"]?.intValue else {
                return nil
            }
            return Bin(low: low, high: high, count: count)
        }
    }
}
