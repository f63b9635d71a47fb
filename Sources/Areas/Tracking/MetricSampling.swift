/// How a chart's few points are chosen from a long history, as the MLflow server (3.17) chooses them.
package enum MetricSampling {
    /// The most points of one run that a chart gets.
    package static let pointsMax = 2_500
    /// The most runs of one chart.
    package static let runsMax = 100

    /// The places that are kept of `count` points in order of step, time and value, at most `limit` (at least 1): the points are cut into
    /// `limit` parts of equal size, the first parts one longer where it does not come out even, and of each part the first point is kept.
    /// The last point of all stands in for the last of these.
    package static func places(of count: Int, atMost limit: Int) -> [Int] {
        guard count > limit else { return Array(0..<count) }
        let size = count / limit
        let longer = count % limit
        var places = (0..<limit).map { $0 * size + min($0, longer) }
        places[limit - 1] = count - 1
        return places
    }
}
