import Glibc

/// Count, mean, variance, skewness, kurtosis, least and greatest of a stream in one pass; two of them merge into the moments of both.
///
/// Source: B. P. Welford (1962) in the form of P. Pébay, "Formulas for robust, one-pass parallel computation of covariances and
/// arbitrary-order
/// statistical moments" (2008). Values are taken relative to the first one, so that a large offset costs no digits.
package struct RunningMoments: Sendable, Hashable {
    package private(set) var count = 0
    package private(set) var minimum = Double.infinity
    package private(set) var maximum = -Double.infinity
    private var origin = 0.0
    private var offset = 0.0
    private var m2 = 0.0
    private var m3 = 0.0
    private var m4 = 0.0

    package init() {}

    package init(_ values: some Sequence<Double>) {
        for value in values { add(value) }
    }

    /// Count, mean and sum of squared deviations computed elsewhere (by a query, say): enough for variances and confidence sequences.
    package init(count: Int, mean: Double, squaredDeviations: Double) {
        self.count = count
        origin = mean
        m2 = max(0, squaredDeviations)
        (minimum, maximum) = (.nan, .nan)
        (m3, m4) = (.nan, .nan)
    }

    package mutating func add(_ value: Double) {
        if count == 0 { origin = value }
        let before = Double(count)
        count += 1
        let n = Double(count)
        let delta = (value - origin) - offset
        let step = delta / n
        let term = delta * step * before
        offset += step
        m4 += term * step * step * (n * n - 3 * n + 3) + 6 * step * step * m2 - 4 * step * m3
        m3 += term * step * (n - 2) - 3 * step * m2
        m2 += term
        minimum = min(minimum, value)
        maximum = max(maximum, value)
    }

    package mutating func merge(_ other: RunningMoments) {
        guard other.count > 0 else { return }
        guard count > 0 else {
            self = other
            return
        }
        let a = Double(count)
        let b = Double(other.count)
        let n = a + b
        let delta = (other.origin - origin) + (other.offset - offset)
        let square = delta * delta
        let cross = square * a * b / n
        let fourth = cross * square * (a * a - a * b + b * b) / (n * n)
        m4 += other.m4 + fourth + 6 * square * (a * a * other.m2 + b * b * m2) / (n * n) + 4 * delta * (a * other.m3 - b * m3) / n
        m3 += other.m3 + cross * delta * (a - b) / n + 3 * delta * (a * other.m2 - b * m2) / n
        m2 += other.m2 + cross
        offset += delta * b / n
        count += other.count
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
    }

    /// NaN when nothing was added.
    package var mean: Double { count == 0 ? .nan : origin + offset }
    /// Divided by n: NaN when nothing was added.
    package var populationVariance: Double { count == 0 ? .nan : m2 / Double(count) }
    /// Divided by n − 1: NaN below two values.
    package var sampleVariance: Double { count < 2 ? .nan : m2 / Double(count - 1) }
    package var populationDeviation: Double { populationVariance.squareRoot() }
    package var sampleDeviation: Double { sampleVariance.squareRoot() }
    /// Population skewness; NaN without variation.
    package var skewness: Double { m2 > 0 ? Double(count).squareRoot() * m3 / pow(m2, 1.5) : .nan }
    /// Population kurtosis less 3; NaN without variation.
    package var excessKurtosis: Double { m2 > 0 ? Double(count) * m4 / (m2 * m2) - 3 : .nan }
}
