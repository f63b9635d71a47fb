import Glibc

/// ln Γ(x) for x > 0, through the C library (thread-safe form).
package func logGamma(_ x: Double) -> Double {
    var sign: Int32 = 0
    return lgamma_r(x, &sign)
}

/// The error of Stirling's formula: ln x! − [(x + ½) ln x − x + ½ ln 2π], for real x > 0.
///
/// Source: C. Loader, "Fast and accurate computation of binomial probabilities" (2000).
func stirlingError(_ x: Double) -> Double {
    if x <= 15 { return logGamma(x + 1) - (x + 0.5) * log(x) + x - 0.5 * log(2 * Double.pi) }
    let square = x * x
    let tail = 1.0 / 1680 - (1.0 / 1188) / square
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - tail / square) / square) / square) / x
}

/// x ln(x/mean) + mean − x without cancellation when x is near mean (Loader's `bd0`), for x, mean > 0.
func devianceTerm(_ x: Double, mean: Double) -> Double {
    guard abs(x - mean) < 0.1 * (x + mean) else { return x * log(x / mean) + mean - x }
    let ratio = (x - mean) / (x + mean)
    let square = ratio * ratio
    var sum = (x - mean) * ratio
    var term = 2 * x * ratio
    for j in 1...1_000 {
        term *= square
        let next = sum + term / Double(2 * j + 1)
        if next == sum { break }
        sum = next
    }
    return sum
}

/// mean^x e^−mean / Γ(x + 1): the Poisson probability, extended to real x ≥ 0.
func poissonDensity(_ x: Double, mean: Double) -> Double {
    if mean == 0 { return x == 0 ? 1 : 0 }
    if x == 0 { return exp(-mean) }
    return exp(-stirlingError(x) - devianceTerm(x, mean: mean)) / (2 * Double.pi * x).squareRoot()
}

/// Γ(n+1)/(Γ(k+1)Γ(n−k+1)) p^k q^(n−k): the binomial probability, extended to real 0 ≤ k ≤ n; `q` is 1 − p, given apart to keep its digits.
func binomialDensity(_ k: Double, of n: Double, p: Double, q: Double) -> Double {
    if p == 0 { return k == 0 ? 1 : 0 }
    if q == 0 { return k == n ? 1 : 0 }
    if k == 0 { return exp(n * (p < 0.5 ? log1p(-p) : log(q))) }
    if k == n { return exp(n * (q < 0.5 ? log1p(-q) : log(p))) }
    let exponent =
        stirlingError(n) - stirlingError(k) - stirlingError(n - k) - devianceTerm(k, mean: n * p) - devianceTerm(n - k, mean: n * q)
    return exp(exponent) / (2 * Double.pi * k * (1 - k / n)).squareRoot()
}
