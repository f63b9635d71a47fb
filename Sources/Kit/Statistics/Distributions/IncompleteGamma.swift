import Glibc

/// The regularised incomplete gamma functions P(a, x) = γ(a, x)/Γ(a) and Q = 1 − P, for a > 0, x ≥ 0.
///
/// Series below x = a + 1, modified Lentz continued fraction above (Abramowitz & Stegun 6.5.29, 6.5.31); the common factor comes from
/// Loader's saddle-point form, so that large `a` loses no digits.
package enum IncompleteGamma {
    package static func lower(_ a: Double, _ x: Double) -> Double {
        if x <= 0 { return 0 }
        if x.isInfinite { return 1 }
        return x < a + 1 ? series(a, x) : 1 - fraction(a, x)
    }

    package static func upper(_ a: Double, _ x: Double) -> Double {
        if x <= 0 { return 1 }
        if x.isInfinite { return 0 }
        return x < a + 1 ? 1 - series(a, x) : fraction(a, x)
    }

    /// Both expansions need O(√a) terms near x = a; this bound is never reached by arguments a test statistic can have.
    private static func termLimit(_ a: Double) -> Int { 500 + Int(min(20 * a.squareRoot(), 1e7)) }

    private static func series(_ a: Double, _ x: Double) -> Double {
        var term = 1.0
        var sum = 1.0
        for k in 1...termLimit(a) {
            term *= x / (a + Double(k))
            sum += term
            if term < sum * 1e-17 { break }
        }
        return poissonDensity(a, mean: x) * sum
    }

    private static func fraction(_ a: Double, _ x: Double) -> Double {
        let tiny = 1e-300
        var b = x + 1 - a
        var c = 1 / tiny
        var d = 1 / b
        var h = d
        for i in 1...termLimit(a) {
            let numerator = -Double(i) * (Double(i) - a)
            b += 2
            d = numerator * d + b
            if abs(d) < tiny { d = tiny }
            c = b + numerator / c
            if abs(c) < tiny { c = tiny }
            d = 1 / d
            let factor = d * c
            h *= factor
            if abs(factor - 1) < 1e-16 { break }
        }
        return poissonDensity(a, mean: x) * a * h
    }
}
