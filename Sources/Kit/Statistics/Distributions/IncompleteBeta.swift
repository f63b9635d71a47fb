import Glibc

/// The regularised incomplete beta function I_x(a, b), for a, b > 0 and 0 ≤ x ≤ 1.
///
/// Modified Lentz continued fraction (DLMF 8.17.22) on the side where it converges fast; the factor x^a (1−x)^b / B(a, b) comes from
/// Loader's binomial form, so that large parameters lose no digits.
package func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    let factor = a * b / (a + b) * binomialDensity(a, of: a + b, p: x, q: 1 - x)
    if x < (a + 1) / (a + b + 2) { return factor * betaFraction(x, a, b) / a }
    return 1 - factor * betaFraction(1 - x, b, a) / b
}

private func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    func kept(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / kept(1 - (a + b) * x / (a + 1))
    var h = d
    let limit = 500 + Int(min(20 * max(a, b).squareRoot(), 1e7))
    for m in 1...limit {
        let k = Double(m)
        let even = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k))
        d = 1 / kept(1 + even * d)
        c = kept(1 + even / c)
        h *= d * c
        let odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1))
        d = 1 / kept(1 + odd * d)
        c = kept(1 + odd / c)
        let factor = d * c
        h *= factor
        if abs(factor - 1) < 1e-16 { break }
    }
    return h
}
