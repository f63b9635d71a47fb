import Glibc

/// Normalised pointwise mutual information of two events from their counts (Bouma 2009, "Normalized (pointwise) mutual information in
/// collocation extraction"): -1 never together, 0 independent, 1 always together; NaN when one of them never happens.
///
/// `smoothing` is added to each of the four cells; 0.5 is Jeffreys' prior. Without smoothing, events that never meet give exactly -1.
package func normalizedInformation(joint: Int, first: Int, second: Int, total: Int, smoothing: Double = 0) -> Double {
    guard total > 0, first > 0, second > 0, joint <= first, joint <= second, first + second - joint <= total else { return .nan }
    if joint == 0, smoothing == 0 { return -1 }
    // Both always: smoothing does not change that.
    if joint == total { return 1 }
    let both = Double(joint) + smoothing
    let one = Double(first) + 2 * smoothing
    let other = Double(second) + 2 * smoothing
    let all = Double(total) + 4 * smoothing
    let information = (log(both) + log(all) - log(one) - log(other)) / (log(all) - log(both))
    return min(1, max(-1, information))
}
