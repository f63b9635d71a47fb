import Errors
import JSON

/// Bounds of tracing. Lengths count characters, as MLflow's do.
package enum TracingLimits {
    package static let keyMax = 250
    /// Longer values of tags are cut, as those of runs.
    package static let tagValueMax = 8_000
    package static let nameMax = 4_096
    package static let previewMax = 1_000
    /// The JSON of one span.
    package static let spanBytesMax = 16 << 20
    /// Spans in one request.
    package static let spansMax = 50_000
    /// Traces in one page of a search, in one batch read and in one deletion by ids.
    package static let pageMax = 500
    /// Traces linked to a run in one request.
    package static let linksMax = 100
    package static let promptsMax = 100
    /// Assessments of one trace, and the bytes of one value.
    package static let assessmentsMax = 1_000
    package static let assessmentBytesMax = 1 << 20
    /// Spans of one trace that are read back.
    package static let traceSpansMax = 100_000

    package static func preview(_ text: String) -> String {
        text.count <= previewMax ? text : String(text.prefix(previewMax - 3)) + "..."
    }

    static func check(_ text: String, _ what: String, atMost most: Int) throws {
        guard text.unicodeScalars.count > most else { return }
        throw JidokaError.invalidArgument("\(what) '\(text.prefix(100))…' had length \(text.count), which exceeded length limit of \(most)")
    }

    static func checkKey(_ key: String) throws {
        guard !key.isEmpty else { throw JidokaError.invalidArgument("Missing value for required parameter 'key'.") }
        guard key.unicodeScalars.count <= keyMax else {
            throw JidokaError.invalidArgument("'key' exceeds the maximum length of \(keyMax) characters")
        }
    }

    /// What a tag that is set by itself may be called.
    static func checkName(_ key: String) throws {
        try checkKey(key)
        guard key.unicodeScalars.allSatisfy({ "/_.- :".unicodeScalars.contains($0) || $0.properties.isAlphabetic || isDigit($0) }) else {
            throw JidokaError.invalidArgument(
                "Invalid value \(JSONValue.string(key).text) for parameter 'key' supplied: Names may only contain alphanumerics, "
                    + "underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).")
        }
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.numericType != nil }

    package static func tagValue(_ value: String) -> String {
        value.unicodeScalars.count <= tagValueMax ? value : String(String.UnicodeScalarView(value.unicodeScalars.prefix(tagValueMax)))
    }
}
