/// Wilson's score interval of a proportion at one fixed look (E. B. Wilson 1927): for accuracies on a page. For looks that repeat see
/// `differenceSequence`.
///
/// Without trials it is 0...1.
package func wilsonInterval(_ counts: ArmCounts, confidence: Double = 0.95) -> ClosedRange<Double> {
    precondition(confidence > 0 && confidence < 1, "confidence is a probability")
    guard counts.trials > 0 else { return 0...1 }
    let z = NormalDistribution.quantile(0.5 + confidence / 2)
    let n = Double(counts.trials)
    let p = counts.rate
    let square = z * z / n
    let center = (p + square / 2) / (1 + square)
    let half = z / (1 + square) * (p * (1 - p) / n + square / (4 * n)).squareRoot()
    let low = counts.successes == 0 ? 0 : max(0, center - half)
    let high = counts.successes == counts.trials ? 1 : min(1, center + half)
    return low...high
}
