import Glibc

/// The distribution of the two-sided statistic D_n of one sample of n rows, for finite n.
///
/// Choice of method by n and d after R. Simard, P. L'Ecuyer, "Computing the two-sided Kolmogorov-Smirnov distribution" (2011), as SciPy's
/// `kstwo` does it: Ruben-Gambino at both ends, Marsaglia-Tsang-Wang's matrix form (2003), twice the one-sided sum (Miller), and
/// Pelz-Good's expansion (1976). Where SciPy uses Pomeranz' recursion (n ≤ 140) this uses the matrix form: both are exact.
package enum OneSampleKolmogorov {
    /// P(D_n ≥ d); NaN when n < 1.
    package static func survival(n: Int, _ d: Double) -> Double {
        guard n >= 1, !d.isNaN else { return .nan }
        if d >= 1 { return 0 }
        let size = Double(n)
        let scaled = size * d
        if scaled <= 0.5 { return 1 }
        if scaled <= 1 { return 1 - exp(logFactorialOverPower(size) + size * log(2 * scaled - 1)) }
        if scaled >= size - 1 { return 2 * pow(1 - d, size) }
        if d >= 0.5 { return clipped(2 * oneSidedSurvival(n: n, d)) }
        let square = scaled * d
        if n <= 140 { return clipped(square <= 4 ? 1 - matrixCDF(n: n, d) : 2 * oneSidedSurvival(n: n, d)) }
        if square >= 370 { return 0 }
        if square >= 2.2 { return clipped(2 * oneSidedSurvival(n: n, d)) }
        if n <= 100_000, size * pow(d, 1.5) <= 1.4 { return clipped(1 - matrixCDF(n: n, d)) }
        return clipped(1 - expansionCDF(n: size, d))
    }

    /// P(D_n⁺ ≥ d) (Smirnov 1944): a sum of positive terms up to 100,000 rows, beyond that exp(−(6nd + 1)²/18n) (Maag and Dicaire 1971).
    package static func oneSidedSurvival(n: Int, _ d: Double) -> Double {
        if d <= 0 { return 1 }
        if d >= 1 { return 0 }
        let size = Double(n)
        if n > 100_000 { return exp(-(6 * size * d + 1) * (6 * size * d + 1) / (18 * size)) }
        var sum = 0.0
        for j in 0...Int((size * (1 - d)).rounded(.down)) {
            let p = d + Double(j) / size
            if p >= 1 { continue }
            sum += binomialDensity(Double(j), of: size, p: p, q: 1 - p) / p
        }
        return d * sum
    }

    private static func clipped(_ p: Double) -> Double { min(max(p, 0), 1) }

    /// ln(n!/nⁿ).
    private static func logFactorialOverPower(_ n: Double) -> Double { stirlingError(n) + 0.5 * log(2 * Double.pi * n) - n }

    /// Marsaglia, Tsang, Wang, "Evaluating Kolmogorov's distribution" (2003): the middle element of Hⁿ, scaled by n!/nⁿ.
    private static func matrixCDF(n: Int, _ d: Double) -> Double {
        let scaled = Double(n) * d
        let k = Int(scaled.rounded(.up))
        let size = 2 * k - 1
        var base = ScaledMatrix(values: durbinMatrix(size: size, h: Double(k) - scaled), size: size)
        var power = ScaledMatrix.identity(size)
        var remaining = n
        while remaining > 0 {
            if remaining % 2 == 1 { power = power.times(base) }
            remaining /= 2
            if remaining > 0 { base = base.times(base) }
        }
        let middle = power.values[(k - 1) * size + k - 1]
        if middle <= 0 { return 0 }
        return exp(log(middle) + Double(power.exponent) * log(2) + logFactorialOverPower(Double(n)))
    }

    private static func durbinMatrix(size: Int, h: Double) -> [Double] {
        var inverseFactorial = [Double](repeating: 1, count: size + 1)
        for j in 1...size { inverseFactorial[j] = inverseFactorial[j - 1] / Double(j) }
        var matrix = [Double](repeating: 0, count: size * size)
        for row in 0..<size {
            for column in 1..<max(size, 1) where row - column + 1 >= 0 { matrix[row * size + column] = inverseFactorial[row - column + 1] }
        }
        for j in 0..<size {
            var edge = (1 - pow(h, Double(j + 1))) * inverseFactorial[j + 1]
            if j == size - 1 {
                let corner = pow(max(2 * h - 1, 0), Double(size)) - 2 * pow(h, Double(size))
                edge = (1 + corner) * inverseFactorial[size]
            }
            matrix[j * size] = edge
            matrix[(size - 1) * size + (size - 1 - j)] = edge
        }
        return matrix
    }

    /// Pelz and Good, "Approximating the lower tail-areas of the Kolmogorov-Smirnov one-sample statistic" (1976): four terms in n^−½.
    private static func expansionCDF(n: Double, _ x: Double) -> Double {
        let z = n.squareRoot() * x
        let z2 = z * z
        let z4 = z2 * z2
        let z6 = z4 * z2
        let pi2 = Double.pi * Double.pi
        let logQ = -pi2 / (8 * z2)
        if logQ < -708 { return 0 }
        var k0 = 0.0
        var k1 = 0.0
        var k2 = 0.0
        var k3 = 0.0
        var k2Extra = 0.0
        var k3Extra = 0.0
        for k in stride(from: Int((16 * z / Double.pi).rounded(.up)), through: 1, by: -1) {
            let m2 = Double((2 * k - 1) * (2 * k - 1)) * pi2
            let weight = exp(logQ * Double((2 * k - 1) * (2 * k - 1)))
            k0 += weight
            k1 += weight * (-z2 + m2 / 4)
            k2 += weight * (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * m2 / 4 + (1 - 2 * z2) * m2 * m2 / 16)
            let cubic = (5 - 30 * z2) * m2 * m2 * m2 / 64 + (-60 * z2 + 212 * z4) * m2 * m2 / 16
            k3 += weight * (cubic + (135 * z4 - 96 * z6) * m2 / 4 - 30 * z6 - 90 * z4 * z4)
            let squared = Double(k * k)
            let whole = exp(4 * logQ * squared)
            k2Extra += squared * whole
            k3Extra += (3 * z2 - pi2 * squared) * squared * whole
        }
        let root = (2 * Double.pi).squareRoot()
        k2 = k2 * root / (72 * z6 * z) - k2Extra * pi2 * root / (36 * z2 * z)
        k3 = k3 * root / (6480 * z6 * z4) + k3Extra * pi2 * root / (216 * z6)
        return k0 * root / z + k1 * root / (6 * z4) / n.squareRoot() + k2 / n + k3 / (n * n.squareRoot())
    }
}

/// A square matrix times 2^exponent, so that long powers neither overflow nor underflow.
private struct ScaledMatrix {
    var values: [Double]
    var size: Int
    var exponent = 0

    static func identity(_ size: Int) -> ScaledMatrix {
        var values = [Double](repeating: 0, count: size * size)
        for i in 0..<size { values[i * size + i] = 1 }
        return ScaledMatrix(values: values, size: size)
    }

    func times(_ other: ScaledMatrix) -> ScaledMatrix {
        var product = [Double](repeating: 0, count: size * size)
        for row in 0..<size {
            for inner in 0..<size {
                let factor = values[row * size + inner]
                if factor == 0 { continue }
                for column in 0..<size { product[row * size + column] += factor * other.values[inner * size + column] }
            }
        }
        var result = ScaledMatrix(values: product, size: size, exponent: exponent + other.exponent)
        let largest = product.max() ?? 0
        if largest > 1e100 || (largest > 0 && largest < 1e-100) {
            let shift = Int(largest.exponent)
            let scale = scalbn(1, Int32(-shift))
            result.values = product.map { $0 * scale }
            result.exponent += shift
        }
        return result
    }
}
