/// The one error value of the program.
///
/// `code` is stable and machine-readable; `message` is safe to show, lower case, with the thing named in backticks; `hint` says what to
/// do; `fields` carry detail; `cause` is for the log only and never leaves the server. HTTP, MLflow and exit statuses are mapped at the
/// edges.
package struct JidokaError: Error, Sendable, CustomStringConvertible {
    package var code: ErrorCode
    package var message: String
    package var hint: String?
    package var fields: [String: String]
    package var cause: (any Error)?

    package init(
        _ code: ErrorCode, _ message: String, hint: String? = nil, fields: [String: String] = [:], cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.fields = fields
        self.cause = cause
    }

    package var description: String {
        var text = "\(code.rawValue): \(message)"
        if let hint { text += " (\(hint))" }
        if let cause { text += " [cause: \(cause)]" }
        return text
    }
}

/// What kind of failure: the ten codes that every edge maps in a total table.
package enum ErrorCode: String, Sendable, CaseIterable {
    case notFound = "not_found"
    case alreadyExists = "already_exists"
    case invalidArgument = "invalid_argument"
    case failedPrecondition = "failed_precondition"
    case conflict
    case unauthenticated
    case permissionDenied = "permission_denied"
    case exhausted
    case unavailable
    case `internal`
}

extension JidokaError {
    package static func notFound(_ message: String, hint: String? = nil) -> JidokaError { .init(.notFound, message, hint: hint) }
    package static func alreadyExists(_ message: String, hint: String? = nil) -> JidokaError { .init(.alreadyExists, message, hint: hint) }
    package static func invalidArgument(_ message: String, hint: String? = nil) -> JidokaError {
        .init(.invalidArgument, message, hint: hint)
    }
    package static func failedPrecondition(_ message: String, hint: String? = nil) -> JidokaError {
        .init(.failedPrecondition, message, hint: hint)
    }
    package static func unavailable(_ message: String, hint: String? = nil) -> JidokaError { .init(.unavailable, message, hint: hint) }
    package static func `internal`(_ message: String, cause: (any Error)? = nil) -> JidokaError { .init(.internal, message, cause: cause) }

    /// The disk has no room: 507 (RFC 4918) over HTTP, which clients do not retry in a loop.
    package static func diskFull(_ message: String, cause: (any Error)? = nil) -> JidokaError {
        .init(.exhausted, message, hint: "free some space, then try again", fields: ["status": "507"], cause: cause)
    }

    /// Any error as the one value: unknown ones become `internal` with the original kept as the hidden cause.
    package static func wrapping(_ error: any Error) -> JidokaError {
        (error as? JidokaError) ?? .init(.internal, "internal error", cause: error)
    }
}
