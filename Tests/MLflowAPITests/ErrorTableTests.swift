import Errors
import HTTP
import MLflowAPI
import Synchronization
import Testing

@Suite struct ErrorTableTests {
    static let table: [(ErrorCode, String, Int)] = [
        (.notFound, "RESOURCE_DOES_NOT_EXIST", 404), (.alreadyExists, "RESOURCE_ALREADY_EXISTS", 400),
        (.invalidArgument, "INVALID_PARAMETER_VALUE", 400), (.failedPrecondition, "INVALID_PARAMETER_VALUE", 400),
        (.conflict, "RESOURCE_CONFLICT", 409), (.unauthenticated, "UNAUTHENTICATED", 401), (.permissionDenied, "PERMISSION_DENIED", 403),
        (.exhausted, "REQUEST_LIMIT_EXCEEDED", 429), (.unavailable, "TEMPORARILY_UNAVAILABLE", 503), (.internal, "INTERNAL_ERROR", 500),
    ]

    @Test func `the table speaks of every code`() { #expect(Set(Self.table.map(\.0)) == Set(ErrorCode.allCases)) }

    @Test(arguments: table) func `each kind of failure has its code and status`(code: ErrorCode, name: String, status: Int) {
        let response = renderMLflowError(JidokaError(code, "what"), HTTPRequest(method: "GET", path: "/"))
        #expect(response.status == status)
        let text = String(decoding: response.bytes, as: UTF8.self)
        #expect(text.hasPrefix(#"{"error_code":"\#(name)","message":"what""#) && text.hasSuffix("}"))
    }

    @Test func `an error may name its own code and status, and says its hint`() {
        let own = JidokaError(.failedPrecondition, "what", hint: "do", fields: ["mlflow_code": "INVALID_STATE", "status": "409"])
        let response = renderMLflowError(own, HTTPRequest(method: "GET", path: "/"))
        #expect(response.status == 409)
        #expect(String(decoding: response.bytes, as: UTF8.self) == refusal("INVALID_STATE", "what (do)"))
    }

    @Test func `the codes that newer servers classify carry their classes, the others none`() {
        let missing = renderMLflowError(.notFound("what"), HTTPRequest(method: "GET", path: "/"))
        #expect(
            String(decoding: missing.bytes, as: UTF8.self)
                == refusal("RESOURCE_DOES_NOT_EXIST", "what"))
        let moved = renderMLflowError(JidokaError(.conflict, "what"), HTTPRequest(method: "GET", path: "/"))
        #expect(String(decoding: moved.bytes, as: UTF8.self) == #"{"error_code":"RESOURCE_CONFLICT","message":"what"}"#)
    }

    @Test func `a body that is too large is not retried`() {
        let response = renderMLflowError(HTTPBody.tooLarge(10), HTTPRequest(method: "POST", path: "/"))
        #expect(response.status == 413)
        #expect(String(decoding: response.bytes, as: UTF8.self).hasPrefix(#"{"error_code":"BAD_REQUEST""#))
    }

    @Test func `the cause of an error stays inside`() {
        let secret = JidokaError(.internal, "internal error", cause: JidokaError(.internal, "password=1"))
        #expect(
            !String(decoding: renderMLflowError(secret, HTTPRequest(method: "GET", path: "/")).bytes, as: UTF8.self).contains("password"))
    }
}

/// Counts from 0 to 39.
final class Counter: Sendable {
    private let value = Mutex<UInt8>(0)
    func next() -> UInt8? {
        value.withLock { value in
            guard value < 40 else { return nil }
            defer { value += 1 }
            return value
        }
    }
}
