import Synchronization

/// A number that only grows.
package final class Counter: Sendable {
    private let total = Atomic<UInt64>(0)
    package func add(_ amount: UInt64 = 1) { total.wrappingAdd(amount, ordering: .relaxed) }
    package var value: UInt64 { total.load(ordering: .relaxed) }
}

/// A number that goes up and down.
package final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(0)
    package func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// A histogram with fixed upper bounds, in the unit that its name ends with.
package final class Histogram: Sendable {
    package let bounds: [Double]
    private struct State {
        var counts: [UInt64]
        var sum = 0.0
    }
    private let state: Mutex<State>

    /// 50 µs to 10 s, for durations in seconds.
    package static let latencyBounds = [
        0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    package func observe(_ value: Double) {
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] < value { low = middle + 1 } else { high = middle }
        }
        state.withLock {
            $0.counts[low] += 1
            $0.sum += value
        }
    }

    /// Counts per bucket (the last one is above all bounds) and the sum.
    package var snapshot: (counts: [UInt64], sum: Double) { state.withLock { ($0.counts, $0.sum) } }
}

/// All instruments of a server; made once in the composition root and passed down.
///
/// Names are `jidoka_<area>_<thing>_<unit>[_total]`; label values must come from a bounded set. At most 2,000 series a name: beyond that
/// all further label sets share one series labelled `overflow`, so that a mistake cannot eat the memory.
package final class MetricsRegistry: Sendable {
    private enum Instrument: Sendable {
        case counter(Counter), gauge(Gauge), histogram(Histogram)
    }
    private struct Family {
        var help: String
        var series: [[Label]: Instrument] = [:]
    }
    package struct Label: Sendable, Hashable {
        package var name: String
        package var value: String
    }
    /// Numbers that are kept elsewhere and read when they are asked for. They go as they come: their names follow whom they are for.
    package struct Reading: Sendable {
        package enum Kind: String, Sendable {
            case counter, gauge
        }
        package var name: String
        package var help: String
        package var kind: Kind
        package var samples: [(labels: [(String, String)], value: Double)]

        package init(_ name: String, _ kind: Kind, help: String, samples: [(labels: [(String, String)], value: Double)]) {
            self.name = name
            self.kind = kind
            self.help = help
            self.samples = samples
        }
    }
    private let families = Mutex<[String: Family]>([:])
    private let readers = Mutex<[@Sendable () -> [Reading]]>([])
    private static let seriesMax = 2_000

    package init() {}

    package func counter(_ name: String, help: String, labels: [(String, String)] = []) -> Counter {
        if case .counter(let found) = instrument(name, help, labels, { .counter(Counter()) }) { return found }
        preconditionFailure("metric \(name) is registered as another kind")
    }

    package func gauge(_ name: String, help: String, labels: [(String, String)] = []) -> Gauge {
        if case .gauge(let found) = instrument(name, help, labels, { .gauge(Gauge()) }) { return found }
        preconditionFailure("metric \(name) is registered as another kind")
    }

    package func histogram(
        _ name: String, help: String, labels: [(String, String)] = [], bounds: [Double] = Histogram.latencyBounds
    ) -> Histogram {
        if case .histogram(let found) = instrument(name, help, labels, { .histogram(Histogram(bounds: bounds)) }) { return found }
        preconditionFailure("metric \(name) is registered as another kind")
    }

    private func instrument(_ name: String, _ help: String, _ labels: [(String, String)], _ make: () -> Instrument) -> Instrument {
        let key = labels.map { Label(name: $0.0, value: $0.1) }
        return families.withLock { families in
            var family = families[name] ?? Family(help: help)
            if let found = family.series[key] { return found }
            let stored = family.series.count < MetricsRegistry.seriesMax ? key : key.map { Label(name: $0.name, value: "overflow") }
            let made = family.series[stored] ?? make()
            family.series[stored] = made
            families[name] = family
            return made
        }
    }

    /// Has `read` asked for its numbers at each exposition.
    package func collect(_ read: @escaping @Sendable () -> [Reading]) { readers.withLock { $0.append(read) } }

    /// The Prometheus text exposition format, version 0.0.4.
    package func exposition() -> String {
        var out = ""
        for (name, family) in families.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            let kind =
                switch family.series.values.first {
                case .counter: "counter"
                case .gauge: "gauge"
                default: "histogram"
                }
            out += "# HELP \(name) \(escaped(family.help, quotes: false))\n# TYPE \(name) \(kind)\n"
            for (labels, instrument) in family.series.sorted(by: { text($0.key) < text($1.key) }) {
                write(name, labels, instrument, to: &out)
            }
        }
        for reading in readers.withLock({ $0 }).flatMap({ $0() }) {
            out += "# HELP \(reading.name) \(escaped(reading.help, quotes: false))\n# TYPE \(reading.name) \(reading.kind.rawValue)\n"
            for (labels, value) in reading.samples {
                out += "\(reading.name)\(text(labels.map { Label(name: $0.0, value: $0.1) })) \(number(value))\n"
            }
        }
        return out
    }

    private func write(_ name: String, _ labels: [Label], _ instrument: Instrument, to out: inout String) {
        switch instrument {
        case .counter(let counter): out += "\(name)\(text(labels)) \(counter.value)\n"
        case .gauge(let gauge): out += "\(name)\(text(labels)) \(number(gauge.value))\n"
        case .histogram(let histogram):
            let (counts, sum) = histogram.snapshot
            var cumulative: UInt64 = 0
            for (index, count) in counts.enumerated() {
                cumulative += count
                let bound = index < histogram.bounds.count ? "\(histogram.bounds[index])" : "+Inf"
                out += "\(name)_bucket\(text(labels + [Label(name: "le", value: bound)])) \(cumulative)\n"
            }
            out += "\(name)_sum\(text(labels)) \(number(sum))\n\(name)_count\(text(labels)) \(cumulative)\n"
        }
    }

    private func text(_ labels: [Label]) -> String {
        if labels.isEmpty { return "" }
        return "{" + labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }.joined(separator: ",") + "}"
    }

    /// Help texts escape the backslash and the line feed, label values the double quote as well.
    private func escaped(_ text: String, quotes: Bool) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {  // not characters: CR LF is one of them
            switch scalar {
            case "\n": out.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where quotes: out.append(contentsOf: "\\\"".unicodeScalars)
            case "\\": out.append(contentsOf: "\\\\".unicodeScalars)
            default: out.append(scalar)
            }
        }
        return String(out)
    }

    /// The format's words for the numbers that have no digits (Go's ParseFloat).
    private func number(_ value: Double) -> String {
        if value.isFinite { return value.description }
        return value.isNaN ? "NaN" : value > 0 ? "+Inf" : "-Inf"
    }
}
