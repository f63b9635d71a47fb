import Glibc

/// The limit of √n·D_n (Kolmogorov 1933).
package enum KolmogorovDistribution {
    /// P(K > z). The alternating series above z ≈ 0.82, its theta-function transform below, where the series would need many terms.
    package static func survival(_ z: Double) -> Double {
        if z <= 0 { return 1 }
        if z > 0.82 {
            var sum = 0.0
            for k in 1...20 {
                let term = exp(-2 * Double(k * k) * z * z)
                sum += k % 2 == 1 ? term : -term
                if term < sum * 1e-17 { break }
            }
            return 2 * sum
        }
        let base = -Double.pi * Double.pi / (8 * z * z)
        if base < -700 { return 1 }
        var sum = 0.0
        for k in stride(from: 9, through: 1, by: -2) { sum += exp(base * Double(k * k)) }
        return 1 - (2 * Double.pi).squareRoot() / z * sum
    }

    package static func cdf(_ z: Double) -> Double { 1 - survival(z) }
}
