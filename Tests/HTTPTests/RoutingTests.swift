import Errors
import Testing

@testable import HTTP

struct RoutingTests {
    private static func router() -> Router {
        var router = Router()
        for (method, pattern) in [
            ("GET", "/"), ("GET", "/api/list"), ("POST", "/api/list"), ("GET", "/api/{name}"), ("DELETE", "/api/{name}"),
            ("GET", "/api/{name}/parts"), ("POST", "/v1/models/{model}:predict"), ("GET", "/v1/models/{model}"),
            ("GET", "/files/{path...}"), ("PUT", "/files/{path...}"), ("GET", "/files/known/{id}"),
        ] { router.add(route(method, pattern) { _ in .text("\(method) \(pattern)") }) }
        return router
    }

    @Test(arguments: [
        ("GET", "/", "GET /", ""), ("GET", "/api/list", "GET /api/list", ""), ("HEAD", "/api/list", "GET /api/list", ""),
        ("POST", "/api/list/", "POST /api/list", ""), ("DELETE", "/api/list", "DELETE /api/{name}", "name=list"),
        ("GET", "/api/x", "GET /api/{name}", "name=x"), ("GET", "/api/x/parts", "GET /api/{name}/parts", "name=x"),
        ("POST", "/v1/models/m:predict", "POST /v1/models/{model}:predict", "model=m"),
        ("GET", "/v1/models/m", "GET /v1/models/{model}", "model=m"), ("GET", "/files/a/b/c", "GET /files/{path...}", "path=a/b/c"),
        ("PUT", "/files", "PUT /files/{path...}", "path="), ("GET", "/files/known/7", "GET /files/known/{id}", "id=7"),
        ("GET", "/files/known/7/8", "GET /files/{path...}", "path=known/7/8"),
    ]) func `a path finds its route`(_ method: String, _ path: String, _ wanted: String, _ parameters: String) throws {
        guard case .found(let route, let bound) = Self.router().match(method: method, path: path) else {
            throw JidokaError.notFound("no route for \(path)")
        }
        #expect("\(route.method) \(route.pattern)" == wanted)
        #expect(bound.map { "\($0.key)=\($0.value)" }.joined() == parameters)
    }

    @Test func `a wrong method is told from an unknown path`() {
        guard case .wrongMethod(let allowed) = Self.router().match(method: "PATCH", path: "/api/list") else {
            Issue.record("no wrong method")
            return
        }
        #expect(allowed == ["DELETE", "GET", "POST"])
        guard case .none = Self.router().match(method: "GET", path: "/nowhere/at/all") else {
            Issue.record("found")
            return
        }
    }

    @Test(arguments: [
        ("bytes=0-4", ByteRange.part(first: 0, count: 5)), ("bytes=5-", .part(first: 5, count: 5)), ("bytes=-3", .part(first: 7, count: 3)),
        ("bytes=-30", .part(first: 0, count: 10)), ("bytes=8-99", .part(first: 8, count: 2)), ("bytes=10-", .unsatisfiable),
        ("bytes=-0", .unsatisfiable), ("bytes=4-2", .whole), ("bytes=0-1,3-4", .whole), ("items=0-1", .whole), ("bytes=a-b", .whole),
        ("bytes=-", .whole),
    ]) func `a range header is understood or ignored`(_ header: String, _ wanted: ByteRange) {
        #expect(ByteRange(header, length: 10) == wanted)
    }

    @Test func `headers are found without regard to case`() {
        var headers: HTTPHeaders = ["Content-Type": "a", "X": "1", "x": "2"]
        #expect(headers["content-type"] == "a")
        #expect(headers["X"] == "1")
        headers["x"] = nil
        #expect(headers.fields.count == 1)
        #expect(headers["content-typ@"] == nil)
    }

    @Test func `events are framed by the standard`() {
        let event = ServerSentEvent(data: "a\nb\r\nc", event: "t\nx", id: "7", retryMilliseconds: 100)
        #expect(String(decoding: event.encoded, as: UTF8.self) == "id: 7\nevent: tx\nretry: 100\ndata: a\ndata: b\ndata: c\n\n")
        #expect(String(decoding: ServerSentEvent(data: "").encoded, as: UTF8.self) == "data: \n\n")
    }

    @Test(arguments: [
        ("/x/api/list", "GET /api/list"), ("/api/list", "GET /api/list"), ("/x", "GET /"), ("/x/files/a//b", "GET /files/{path...}"),
        ("/xx/api/list", "none"), ("/x/x/api/list", "none"),
    ]) func `a prefix comes off the path once, as a whole part`(_ path: String, _ wanted: String) async {
        var router = Self.router()
        router.prefix = "/x"
        let answer = await router.respond(to: HTTPRequest(method: "GET", path: path)) { _, _ in .text("none") }
        #expect(String(decoding: answer.bytes, as: UTF8.self) == wanted)
    }
}
