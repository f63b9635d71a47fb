import Errors
import HTTP
import JSON

/// MLflow's error body (mlflow/pyfunc/scoring_server): clients look at `error_code` and `message`.
func renderError(_ error: JidokaError) -> HTTPResponse {
    let text = error.hint.map { "\(error.message) (\($0))" } ?? error.message
    return .json(["error_code": .string(code(of: error)), "message": .string(text)], status: status(of: error))
}

private func status(of error: JidokaError) -> Int {
    if let named = error.fields["status"], let status = Int(named) { return status }
    return switch error.code {
    case .invalidArgument, .failedPrecondition: 400
    case .unauthenticated: 401
    case .permissionDenied: 403
    case .notFound: 404
    case .alreadyExists, .conflict: 409
    case .exhausted: 429
    case .unavailable: 503
    case .internal: 500
    }
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
