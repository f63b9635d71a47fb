package import Errors

/// The refusals whose words MLflow clients match, said once for the service and for stores.
package enum TracingErrors {
    package static func noTrace(_ id: String) -> JidokaError { .notFound("Trace with ID '\(id)' not found.") }

    package static func noTag(_ key: String, trace id: String) -> JidokaError {
        .notFound("No trace tag with key '\(key)' for trace with ID '\(id)'")
    }

    package static func noAssessment(_ id: String, trace: String) -> JidokaError {
        .notFound("Assessment with ID '\(id)' not found for trace '\(trace)'")
    }

    package static func notExported(_ id: String) -> JidokaError {
        .notFound("Trace with ID \(id) is not fully exported yet, please try again later.")
    }

    package static func notStoredHere(_ id: String) -> JidokaError {
        .notFound("Trace data not stored in tracking store", hint: "the spans of \(id) lie among its artifacts: read `traces.json` there")
    }
}
