import Clockwork
import Glibc
package import Monitoring

/// Predictions drawn from known populations: the number `age` (normal, mean 40, deviation 10), the category `sector` (`a` half, `b` three
/// tenths, `c` two tenths) and the whole number `code` (1 or 2, equally often); the answer is right with probability `skill`.
package struct SyntheticWindow: Sendable {
    package var rows: Int
    package var seed: UInt64
    /// Added to every age.
    package var shift = 0.0
    /// Share of rows without an age.
    package var missing = 0.0
    /// Share of rows whose sector the reference never had.
    package var unseen = 0.0
    package var skill = 0.8

    package static let names = ["age", "sector", "code"]

    package init(rows: Int, seed: UInt64) {
        self.rows = rows
        self.seed = seed
    }

    package var columns: [FeatureColumn] {
        var random = SplitMix64(seed: seed)
        var ages: [Double] = []
        var sectors: [String?] = []
        var codes: [Double] = []
        for _ in 0..<rows {
            let age = 40 + 10 * (-2 * log(1 - random.uniform())).squareRoot() * cos(2 * Double.pi * random.uniform())
            ages.append(random.uniform() < missing ? .nan : age + shift)
            let draw = random.uniform()
            sectors.append(random.uniform() < unseen ? "new" : draw < 0.5 ? "a" : draw < 0.8 ? "b" : "c")
            codes.append(random.uniform() < 0.5 ? 1 : 2)
        }
        return [.numbers(ages), .texts(sectors), .numbers(codes)]
    }

    /// The rows from `first` on; the first `labelled` of them have their label.
    package func window(first: Int64 = 0, labelled: Int = 0, version: String = "1") -> PredictionWindow {
        var random = SplitMix64(seed: seed ^ 0xFACE)
        var answers: [Double] = []
        var labels: [Double] = []
        for index in 0..<rows {
            let truth: Double = random.uniform() < 0.5 ? 1 : 0
            answers.append(random.uniform() < skill ? truth : 1 - truth)
            labels.append(index < labelled ? truth : .nan)
        }
        return PredictionWindow(
            rows: first..<(first + Int64(rows)), featureNames: SyntheticWindow.names, features: columns, prediction: .numbers(answers),
            scores: answers.map { 0.25 + $0 / 2 }, labels: .numbers(labels), versions: Array(repeating: version, count: rows),
            times: (0..<rows).map { Timestamp(microseconds: 1_700_000_000_000_000 + (first + Int64($0)) * 1_000) })
    }

    /// A population without any change, as reference.
    package static func reference(rows: Int = 10_000, seed: UInt64 = 99) -> PreparedReference {
        PreparedReference(digest: "d1", names: names, columns: SyntheticWindow(rows: rows, seed: seed).columns)
    }

    package func report(endpoint: String, number: Int64, labelled: Int = 0) -> WindowReport {
        WindowEvaluator.evaluate(
            window(first: number * Int64(rows), labelled: labelled), against: SyntheticWindow.reference(rows: 2_000),
            configuration: MonitorConfiguration(endpoint: endpoint, windowRows: rows), number: number, champion: "1",
            at: Timestamp(microseconds: 1_700_000_100_000_000))
    }
}

extension SplitMix64 {
    /// Uniform in [0, 1) with 53 bits.
    fileprivate mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}
