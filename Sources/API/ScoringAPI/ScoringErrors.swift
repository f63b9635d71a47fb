import Errors
import HTTP
import JSON

/// MLflow's error body (mlflow/pyfunc/scoring_server): clients look at `error_code` and `message`.
func renderError(_ error: JidokaError) -> HTTPResponse {
    let text = error.hint.map { "\(error.message) (\($0))" } ?? error.message
    return .json(["error_code": .string(code(of: error)), "message": .string(text)], status: error.usualStatus)
}

private func code(of error: JidokaError) -> String {
    switch error.code {
    case .invalidArgument, .failedPrecondition: "BAD_REQUEST"
    case .unauthenticated: "UNAUTHENTICATED"
    case .permissionDenied: "PERMISSION_DENIED"
    case .notFound: "RESOURCE_DOES_NOT_EXIST"
    case .alreadyExists, .conflict: "RESOURCE_CONFLICT"
    case .exhausted: "REQUEST_LIMIT_EXCEEDED"
    case .unavailable: "TEMPORARILY_UNAVAILABLE"
    case .internal: "INTERNAL_ERROR"
    }
}
