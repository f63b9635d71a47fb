import Errors

/// In what form a request's body is.
enum ContentForm: Equatable {
    case json
    case csv

    /// - Throws: `invalid_argument` with status 415 for any other, and for a charset other than UTF-8.
    init(_ contentType: String?) throws {
        let parts = (contentType ?? "").split(separator: ";").map { $0.filter { !$0.isWhitespace }.lowercased() }
        for parameter in parts.dropFirst() where parameter != "charset=utf-8" && parameter != "charset=\"utf-8\"" {
            throw ContentForm.unsupported(contentType, "of the parameters of a content type only charset=utf-8 is read")
        }
        switch parts.first {
        case "application/json": self = .json
        case "text/csv": self = .csv
        default: throw ContentForm.unsupported(contentType, "send application/json or text/csv")
        }
    }

    private static func unsupported(_ contentType: String?, _ hint: String) -> JidokaError {
        JidokaError(
            .invalidArgument,
            "This predictor only supports the following content types: application/json, text/csv. Got '\(contentType ?? "")'.",
            hint: hint, fields: ["status": "415"])
    }
}
