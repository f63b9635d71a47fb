package import Errors

/// How a call ends that has no answer: gRPC's status (grpc.io/docs/guides/status-codes), whose codes are those of `google.rpc.Code`.
package struct RPCStatus: Error, Sendable, Equatable {
    package enum Code: Int, Sendable {
        case ok = 0
        case cancelled = 1
        case invalidArgument = 3
        case notFound = 5
        case alreadyExists = 6
        case permissionDenied = 7
        case resourceExhausted = 8
        case failedPrecondition = 9
        case aborted = 10
        case unimplemented = 12
        case `internal` = 13
        case unavailable = 14
        case unauthenticated = 16
    }
    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension RPCStatus.Code {
    /// The total table from our codes.
    package init(_ code: ErrorCode) {
        self =
            switch code {
            case .invalidArgument: .invalidArgument
            case .notFound: .notFound
            case .alreadyExists: .alreadyExists
            case .permissionDenied: .permissionDenied
            case .exhausted: .resourceExhausted
            case .failedPrecondition: .failedPrecondition
            case .conflict: .aborted
            case .internal: .internal
            case .unavailable: .unavailable
            case .unauthenticated: .unauthenticated
            }
    }
}

extension RPCStatus {
    /// What the caller is told of an error: the message with its hint; the hidden cause stays hidden.
    package init(_ error: any Error) {
        if let status = error as? RPCStatus {
            self = status
        } else if error is CancellationError {
            self.init(.cancelled, "the call was cancelled")
        } else {
            let known = JidokaError.wrapping(error)
            self.init(Code(known.code), known.hint.map { "\(known.message) (\($0))" } ?? known.message)
        }
    }
}
