package import Errors
package import HTTP
import JSON

/// The protocol's error body, `{"error": "…"}`, with the hint after the message. The hidden cause stays hidden.
package func renderError(_ error: JidokaError) -> HTTPResponse {
    let text = error.hint.map { "\(error.message) (\($0))" } ?? error.message
    return .json(["error": .string(text)], status: status(of: error))
}

/// Clients' mistakes are never 500; a full queue is 503, as Triton answers it.
package func status(of error: JidokaError) -> Int {
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
