import Errors

/// Lengths count Unicode scalars, not bytes (MLflow's `utils/validation.py`).
package enum TrackingLimits {
    package static let keyMax = 250
    package static let paramValueMax = 6_000
    package static let tagValueMax = 8_000
    package static let experimentNameMax = 500
    package static let experimentTagValueMax = 20_000
    package static let metricsPerBatch = 1_000
    package static let paramsPerBatch = 100
    package static let tagsPerBatch = 100
    package static let entitiesPerBatch = 1_000
    package static let datasetsPerCall = 1_000
    package static let datasetNameMax = 500
    package static let datasetDigestMax = 36
    package static let datasetSourceMax = 65_535
    package static let datasetSchemaMax = 1_048_575
    package static let datasetProfileMax = 16_777_215
    package static let runsPerSearch = 50_000
    package static let experimentsPerSearch = 50_000
    package static let loggedModelsPerSearch = 1_000
    package static let experimentsInSearch = 1_000
    package static let modelsPerCall = 1_000
    package static let runsPerTree = 10_000
    package static let parentsPerSearch = 500
    package static let experimentsPerDatasetSearch = 20
    package static let datasetsPerSearch = 1_000
    package static let historyPage = 25_000

    /// - Throws: `invalid_argument` when longer than `limit`.
    static func check(_ text: String, _ name: String, atMost limit: Int) throws {
        guard !isLonger(text, than: limit) else {
            throw JidokaError.invalidArgument("'\(name)' exceeds the maximum length of \(limit) characters")
        }
    }

    /// The first `limit` scalars: values that are too long are cut, not refused.
    static func truncated(_ text: String, to limit: Int) -> String {
        isLonger(text, than: limit) ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))) : text
    }

    private static func isLonger(_ text: String, than limit: Int) -> Bool { text.utf8.count > limit && text.unicodeScalars.count > limit }
}
