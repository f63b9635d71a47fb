import Errors
import Testing

struct JidokaErrorTests {
    @Test func `codes are the ten stable words`() {
        #expect(
            ErrorCode.allCases.map(\.rawValue) == [
                "not_found", "already_exists", "invalid_argument", "failed_precondition", "conflict", "unauthenticated",
                "permission_denied",
                "exhausted", "unavailable", "internal",
            ])
    }

    @Test func `the description has code, message, hint and cause for the log`() {
        struct Broken: Error, CustomStringConvertible { let description = "disk on fire" }
        let error = JidokaError(.unavailable, "cannot write `x`", hint: "free some space", cause: Broken())
        #expect(error.description == "unavailable: cannot write `x` (free some space) [cause: disk on fire]")
        #expect(JidokaError.notFound("no `x`").description == "not_found: no `x`")
    }

    @Test func `an unknown error becomes internal and hides what it was`() {
        struct Secret: Error {}
        let wrapped = JidokaError.wrapping(Secret())
        #expect(wrapped.code == .internal)
        #expect(wrapped.message == "internal error")
        #expect(wrapped.cause is Secret)
        #expect(JidokaError.wrapping(JidokaError.notFound("no `x`")).code == .notFound)
    }
}

struct NearestNameTests {
    @Test(arguments: [
        ("colums", "columns"), ("COLUMNS", "columns"), ("ro", "row"), ("pipelin", "pipeline"), ("poet", "port"), ("rwo", "row"),
    ])
    func `a slip of the fingers finds its name`(typed: String, name: String) {
        #expect(nearestName(to: typed, among: ["columns", "row", "pipeline", "port"]) == name)
    }

    @Test(arguments: ["", "zzzz", "completely-different"])
    func `what is not close finds nothing`(typed: String) { #expect(nearestName(to: typed, among: ["columns", "row"]) == nil) }

    @Test func `the first of equally near names is taken and no names find none`() {
        #expect(nearestName(to: "cat", among: ["bat", "hat"]) == "bat")
        #expect(nearestName(to: "cat", among: []) == nil)
    }
}
