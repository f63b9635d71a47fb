import Errors

/// How a request's body is delimited (RFC 9112 section 6).
enum BodyFraming: Equatable {
    case none
    case length(Int)
    case chunked

    /// - Throws: `invalid_argument` for what could be read in two ways, the stuff of request smuggling.
    init(_ headers: HTTPHeaders) throws {
        let length = headers["content-length"]
        if let coding = headers["transfer-encoding"] {
            guard length == nil, headers.count(of: "transfer-encoding") == 1, coding.lowercased() == "chunked" else {
                throw BodyFraming.ambiguous
            }
            self = .chunked
        } else if let length {
            guard headers.count(of: "content-length") == 1, !length.isEmpty, length.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
                let count = Int(length)
            else { throw BodyFraming.ambiguous }
            self = count == 0 ? .none : .length(count)
        } else {
            self = .none
        }
    }

    private static let ambiguous = JidokaError.invalidArgument(
        "the length of the body is ambiguous", hint: "send one `content-length`, or `transfer-encoding: chunked`, not both")
}
