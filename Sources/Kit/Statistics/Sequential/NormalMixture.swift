import Glibc

/// The normal mixture martingale of a Brownian path: the engine of every always-valid test here.
///
/// With information N (inverse variance of the estimate) and a mixing variance 1/r, the path's score z at N is beyond chance at every N
/// at once
/// with probability at most α when |z| exceeds the boundary (Robbins 1970; Johari, Pekelis, Walsh 2017; Howard, Ramdas et al. 2021).
/// Only the ratio
/// x = N/r matters; x is proportional to effective trials, and is chosen to make the boundary tightest, relative to the fixed-sample
/// one, at `tuningTrials`.
package enum NormalMixture {
    /// N/r at which the two-sided boundary of level α is tightest: −W₋₁(−α²/e) − 1 (Howard et al. 2021, section 3.5).
    static func bestRatio(alpha: Double) -> Double {
        // w solves w − ln(1 + w) = −2 ln α, by Newton from above.
        let target = -2 * log(alpha)
        var w = target + log(1 + target) + 1
        for _ in 0..<50 {
            let next = w - (w - log1p(w) - target) * (1 + w) / w
            if abs(next - w) < 1e-13 * w { return next }
            w = next
        }
        return w
    }

    /// The two-sided boundary on |z|.
    static func boundary(ratio x: Double, alpha: Double) -> Double {
        ((1 + 1 / x) * (log1p(x) - 2 * log(alpha))).squareRoot()
    }

    /// ln of the one-sided e-value of score z (evidence that the truth lies above): the half-normal mixture
    /// 2 (1 + x)^−½ exp(z²s/2) Φ(z√s), s = x/(1 + x). It reaches 1/α with probability at most α, however often one looks.
    static func oneSidedLogEvidence(ratio x: Double, z: Double) -> Double {
        let s = x / (1 + x)
        let scaled = z * s.squareRoot()
        if scaled < -30 { return log(2) - 0.5 * log1p(x) - log(-scaled) - 0.5 * log(2 * Double.pi) }
        return log(2) - 0.5 * log1p(x) + scaled * scaled / 2 + log(NormalDistribution.cdf(scaled))
    }
}
