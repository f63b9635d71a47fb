package import Errors

extension JidokaError {
    /// The HTTP status that most protocols give a failure; those with words of their own have tables of their own. Clients' mistakes are
    /// never 500. `fields["status"]` wins where the transport knows better, for example 413.
    package var usualStatus: Int {
        if let named = fields["status"].flatMap({ Int($0) }) { return named }
        return switch code {
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
}
