/// Reads runs by other ways than one by one. Every method sees one state of the store and may be called from any task.
package protocol RunQueryStore: Sendable {
    /// At most `search.limit` (1...50000) runs in the order of the search; ties by start time (newest first), then id. Each holds the data
    /// that `search.fields` names.
    func search(_ search: RunSearch) async throws -> Page<Run>
    /// How many runs the search finds, whatever its limit and offset.
    func count(_ search: RunSearch) async throws -> Int
    /// The points of one metric by timestamp, step, value; empty for an unknown run or key.
    func history(runID: String, key: String, offset: Int, limit: Int) async throws -> Page<Metric>
    /// The points of one metric whose step lies in `steps`, by step, timestamp and value, at most `limit`, chosen by `MetricSampling`.
    func sample(runID: String, key: String, steps: ClosedRange<Int64>, limit: Int) async throws -> [Metric]
}
