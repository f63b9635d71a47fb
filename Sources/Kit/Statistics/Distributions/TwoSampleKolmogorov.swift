/// The exact null distribution of the two-sample statistic D_{n,m} of continuous data: lattice paths from (0, 0) to (n, m).
package enum TwoSampleKolmogorov {
    /// P(D ≥ h·gcd(n, m)/(n·m)), where D = h/lcm(n, m). Ties make it conservative.
    ///
    /// Equal sizes have a closed form (Gnedenko-Korolyuk 1951) in O(n). Otherwise the share of paths that touch the band is carried
    /// along the lattice (the recursion of R's `psmirnov`): sums of positive terms, so that the far tail keeps its digits; O(n·m) time,
    /// O(m) memory.
    package static func survival(n: Int, m: Int, h: Int) -> Double {
        precondition(n > 0 && m > 0, "both samples need rows")
        if h <= 0 { return 1 }
        return n == m ? equalSizes(n: n, h: h) : lattice(n: n, m: m, h: h)
    }

    private static func equalSizes(n: Int, h: Int) -> Double {
        if h > n { return 0 }
        var result = 0.0
        for k in stride(from: n / h, through: 0, by: -1) {
            var factor = 1.0
            for j in 0..<h { factor *= Double(n - k * h - j) / Double(n + k * h + j + 1) }
            result = factor * (1 - result)
        }
        return min(max(2 * result, 0), 1)
    }

    private static func lattice(n: Int, m: Int, h: Int) -> Double {
        let divisor = greatestCommonDivisor(n, m)
        let stepN = m / divisor
        let stepM = n / divisor
        var touched = [Double](repeating: 0, count: m + 1)
        touched.withUnsafeMutableBufferPointer { column in
            for j in 0...m { column[j] = j * stepM >= h ? 1 : 0 }
            for i in 1...n {
                let height = i * stepN
                if height >= h { column[0] = 1 }
                let along = Double(i)
                for j in 1...m {
                    if abs(height - j * stepM) >= h {
                        column[j] = 1
                    } else {
                        let across = Double(j)
                        column[j] = (along * column[j] + across * column[j - 1]) / (along + across)
                    }
                }
            }
        }
        return touched[m]
    }
}

func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
}
