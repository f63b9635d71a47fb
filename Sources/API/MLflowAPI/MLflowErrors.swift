package import Errors
package import HTTP
import JSON

/// How each kind of failure looks to MLflow's client. The client branches on `error_code`, and retries 429 and 5xx for minutes, so that
/// bad input must never be one of those.
enum MLflowError {
    static func code(_ code: ErrorCode) -> (name: String, status: Int) {
        switch code {
        case .notFound: ("RESOURCE_DOES_NOT_EXIST", 404)
        case .alreadyExists: ("RESOURCE_ALREADY_EXISTS", 400)
        case .invalidArgument: ("INVALID_PARAMETER_VALUE", 400)
        case .failedPrecondition: ("INVALID_PARAMETER_VALUE", 400)
        case .conflict: ("RESOURCE_CONFLICT", 409)
        case .unauthenticated: ("UNAUTHENTICATED", 401)
        case .permissionDenied: ("PERMISSION_DENIED", 403)
        case .exhausted: ("REQUEST_LIMIT_EXCEEDED", 429)
        case .unavailable: ("TEMPORARILY_UNAVAILABLE", 503)
        case .internal: ("INTERNAL_ERROR", 500)
        }
    }

    /// The finer classes that servers since MLflow 3.14 add; nil for codes that have none there.
    static func classification(of name: String) -> (state: String, name: String)? {
        switch name {
        case "INVALID_PARAMETER_VALUE", "BAD_REQUEST": ("KAM00", "INVALID_PARAMETER_VALUE")
        case "RESOURCE_DOES_NOT_EXIST", "NOT_FOUND", "ENDPOINT_NOT_FOUND": ("KAM00", "RESOURCE_NOT_FOUND")
        case "RESOURCE_ALREADY_EXISTS": ("KAM00", "RESOURCE_ALREADY_EXISTS")
        case "PERMISSION_DENIED", "CUSTOMER_UNAUTHORIZED": ("KAM00", "PERMISSION_DENIED")
        case "INTERNAL_ERROR", "INVALID_STATE", "TEMPORARILY_UNAVAILABLE": ("XXM00", "CLIENT_INTERNAL_ERROR")
        default: nil
        }
    }

    /// The table, unless the error names its own `mlflow_code` or `status` in its fields.
    static func resolved(_ error: JidokaError) -> (name: String, status: Int) {
        var (name, status) = code(error.code)
        if let own = error.fields["mlflow_code"] { name = own }
        if let own = error.fields["status"].flatMap({ Int($0) }) {
            status = own
            if own == 413 { name = "BAD_REQUEST" }
        }
        return (name, status)
    }
}

/// `{"error_code", "message", "sqlstate", "error_class"}`. The hint, when there is one, is part of the message: the client shows
/// nothing else.
package func renderMLflowError(_ error: JidokaError, _ request: HTTPRequest) -> HTTPResponse {
    let (name, status) = MLflowError.resolved(error)
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("error_code")
    writer.value(name)
    writer.key("message")
    writer.value(error.hint.map { "\(error.message) (\($0))" } ?? error.message)
    if let kind = MLflowError.classification(of: name) {
        writer.key("sqlstate")
        writer.value(kind.state)
        writer.key("error_class")
        writer.value(kind.name)
    }
    writer.endObject()
    return .json(writer.bytes, status: status)
}
