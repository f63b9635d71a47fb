/// The quantile of sorted data at 0 ≤ `share` ≤ 1, linear between neighbours (Hyndman-Fan type 7, numpy's default); NaN for empty data.
///
/// The interpolation runs from the nearer neighbour, as numpy's does, so that bin edges agree to the last bit.
package func quantile(sorted values: [Double], _ share: Double) -> Double {
    guard let last = values.last else { return .nan }
    let position = share * Double(values.count - 1)
    let index = Int(position.rounded(.down))
    if index >= values.count - 1 { return last }
    let fraction = position - Double(index)
    let low = values[index]
    let step = values[index + 1] - low
    return fraction >= 0.5 ? values[index + 1] - step * (1 - fraction) : low + step * fraction
}

/// `count` + 1 evenly spaced numbers from `start` to `end`, rounded as numpy's `linspace` rounds.
func evenlySpaced(from start: Double, through end: Double, count: Int) -> [Double] {
    let step = (end - start) / Double(count)
    var values = (0...count).map { Double($0) * step + start }
    values[count] = end
    return values
}
