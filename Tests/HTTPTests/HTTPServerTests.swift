import Clockwork
import Errors
import Glibc
import JSON
import Synchronization
import Telemetry
import Testing

@testable import HTTP

private let hello = route("GET", "/hello") { _ in .text("hello") }
private let echo = route("POST", "/echo") { request in
    HTTPResponse(headers: ["content-type": "application/octet-stream"], body: .bytes(try await request.body.collect(upTo: 64 << 20)))
}
private let slow = route("GET", "/slow") { _ in
    try await SystemTime().sleep(for: .milliseconds(5))
    return .text("slow")
}

@Suite(.timeLimit(.minutes(2)))
struct HTTPServerTests {
    @Test func `a handler that never suspends answers`() async throws {
        try await withServer(routes: [hello]) { server in
            let answer = try await server.get("/hello")
            #expect(answer.status == 200)
            #expect(answer.text == "hello")
            #expect(answer.headers["content-length"] == "5")
            #expect(answer.headers["x-request-id"]?.count == 32)
        }
    }

    @Test func `a handler that suspends answers too`() async throws {
        try await withServer(routes: [slow]) { server in
            let answer = try await server.get("/slow")
            #expect(answer.text == "slow")
        }
    }

    @Test func `the caller's request id is kept when it is safe, in the answer and in the log`() async throws {
        try await withServer(routes: [hello]) { server in
            #expect(try await server.get("/hello", "X-Request-ID: abc-1.2_3\r\n").headers["x-request-id"] == "abc-1.2_3")
            #expect(try await server.get("/hello", "X-Request-ID: a b<script>\r\n").headers["x-request-id"]?.count == 32)
            #expect(await eventually { server.log.lines.filter { $0.message == "request" }.count == 2 })
            let line = try #require(server.log.lines.first { $0.message == "request" })
            let fields = JSONObject(line.fields.map { (key: $0.0, value: $0.1) })
            #expect(fields["request_id"] == "abc-1.2_3")
            #expect(fields["method"] == "GET")
            #expect(fields["path"] == "/hello")
            #expect(fields["status"] == 200)
            #expect(fields["bytes"] == 5)
            #expect(fields["us"]?.intValue != nil)
        }
    }

    @Test func `requests are counted by method and class of status`() async throws {
        try await withServer(routes: [hello]) { server in
            _ = try await server.get("/hello")
            _ = try await server.get("/nowhere")
            let counted = { @Sendable (status: String) in
                server.metrics.counter("jidoka_http_requests_total", help: "", labels: [("method", "GET"), ("status", status)]).value
            }
            #expect(await eventually { counted("4xx") == 1 && counted("2xx") == 1 })
            #expect(counted("5xx") == 0)
            #expect(server.metrics.histogram("jidoka_http_request_seconds", help: "").snapshot.counts.reduce(0, +) == 2)
            #expect(server.metrics.gauge("jidoka_http_in_flight", help: "").value == 0)
        }
    }

    @Test func `unknown paths, wrong methods and handlers' errors have their own answers`() async throws {
        let failing = route("GET", "/fails") { _ in throw JidokaError.notFound("no `thing`") }
        let broken = route("GET", "/breaks") { _ in throw CancellationError() }
        try await withServer(routes: [hello, failing, broken]) { server in
            #expect(try await server.get("/nowhere").status == 404)
            let wrong = try await server.ask("DELETE /hello HTTP/1.1\r\nHost: t\r\n\r\n")
            #expect(wrong.status == 405)
            #expect(wrong.headers["allow"] == "GET")
            #expect(try await server.get("/fails").text == #"{"code":"not_found","message":"no `thing`"}"#)
            #expect(try await server.get("/breaks").status == 500)
        }
    }

    @Test func `the address is decoded and repeated query keys stay`() async throws {
        let tell = route("GET", "/a/{name}") { request in
            .json(
                [
                    "path": .string(request.path), "raw": .string(request.rawPath), "name": .string(try request.parameter("name")),
                    "query": .array(request.query.map { .string("\($0.name)=\($0.value)") }),
                ])
        }
        try await withServer(routes: [tell]) { server in
            let answer = try await server.get("/a/b%20c%C3%A9?x=1&x=a+b%2B&flag&=v")
            let value = try JSONValue.parse(answer.body)
            #expect(value["path"] == "/a/b cé")
            #expect(value["raw"] == "/a/b%20c%C3%A9")
            #expect(value["name"] == "b cé")
            #expect(value["query"] == ["x=1", "x=a b+", "flag=", "=v"])
        }
    }

    @Test(arguments: ["/%zz", "/%", "/a%ff", "/a%00b", "/ok?x=%4"]) func `a broken address is a 400`(_ path: String) async throws {
        try await withServer(routes: [hello]) { server in
            let answer = try await server.get(path)
            #expect(answer.status == 400)
        }
    }

    @Test(arguments: [0, 1, 1_000, 65_536, 1 << 20, (1 << 20) + 1, 5_000_000]) func `bodies of any length arrive whole`(_ count: Int)
        async throws
    {
        try await withServer(routes: [echo]) { server in
            let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            let answer = try await server.post("/echo", body)
            #expect(answer.status == 200)
            #expect(answer.body == body)
        }
    }

    @Test func `chunked bodies arrive whole, short and long`() async throws {
        try await withServer(routes: [echo]) { server in
            let answer = try await server.ask(
                "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
            #expect(answer.text == "hello world")
            let piece = [UInt8](repeating: 7, count: 100_000)
            let long = try await blocking { [port = server.port] in
                let client = try RawClient(port: port)
                try client.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
                for _ in 0..<30 { try client.send(Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [13, 10]) }
                try client.send("0\r\n\r\n")
                return try client.answer()
            }
            #expect(long.body.count == 3_000_000)
            #expect(long.body.allSatisfy { $0 == 7 })
        }
    }

    @Test func `a client that asks whether to continue is told to`() async throws {
        try await withServer(routes: [echo]) { server in
            let answers = try await blocking { [port = server.port] in
                let client = try RawClient(port: port)
                try client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
                let first = try client.answer()
                try client.send("body")
                return [first, try client.answer()]
            }
            #expect(answers.map(\.status) == [100, 200])
            #expect(answers[1].text == "body")
        }
    }

    @Test(arguments: [
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length: -3\r\n",
        "Content-Length: 0x3\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    ]) func `an ambiguous body length is refused and the connection closed`(_ headers: String) async throws {
        try await withServer(routes: [echo]) { server in
            let (answer, rest) = try await blocking { [port = server.port] in
                let client = try RawClient(port: port)
                try client.send(
                    "POST /echo HTTP/1.1\r\nHost: t\r\n\(headers)\r\n3\r\nabc\r\n0\r\n\r\nGET /hello HTTP/1.1\r\nHost: t\r\n\r\n")
                return (try client.answer(), try client.receiveAll())
            }
            #expect(answer.status == 400)
            #expect(rest.isEmpty)
        }
    }

    @Test func `a body declared too long is refused before it is sent`() async throws {
        var configuration = HTTPServerConfiguration()
        configuration.bodyBytesMax = 1_000
        try await withServer(configuration, routes: [echo]) { server in
            let answer = try await server.ask("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1001\r\n\r\n")
            #expect(answer.status == 413)
            #expect(answer.headers["connection"] == "close")
            let piece = String(repeating: "x", count: 600)
            let chunked = try await server.ask(
                "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n258\r\n\(piece)\r\n258\r\n\(piece)\r\n0\r\n\r\n")
            #expect(chunked.status == 413)
        }
    }

    @Test func `a header of 100 KB is refused with 431`() async throws {
        try await withServer(routes: [hello]) { server in
            let answer = try await server.get("/hello", "X-Long: \(String(repeating: "a", count: 100_000))\r\n")
            #expect(answer.status == 431)
        }
    }

    @Test func `pipelined requests are answered in order on one connection`() async throws {
        let number = route("GET", "/n/{n}") { request in .text(try request.parameter("n")) }
        try await withServer(routes: [number, slow]) { server in
            let answers = try await blocking { [port = server.port] in
                let client = try RawClient(port: port)
                let paths = ["/n/1", "/slow", "/n/2", "/n/3"]
                try client.send(paths.map { "GET \($0) HTTP/1.1\r\nHost: t\r\n\r\n" }.joined())
                return try client.answers(4)
            }
            #expect(answers.map(\.text) == ["1", "slow", "2", "3"])
        }
    }

    @Test func `HEAD gives the header of GET without a body`() async throws {
        try await withServer(routes: [hello]) { server in
            let answers = try await blocking { [port = server.port] in
                let client = try RawClient(port: port)
                try client.send("HEAD /hello HTTP/1.1\r\nHost: t\r\n\r\n")
                let head = try client.answer(toHead: true)
                try client.send("GET /hello HTTP/1.1\r\nHost: t\r\n\r\n")
                return [head, try client.answer()]
            }
            #expect(answers[0].headers["content-length"] == "5")
            #expect(answers[1].text == "hello")
        }
    }

    @Test func `an occupied port is named, with a way out`() async throws {
        try await withServer(routes: [hello]) { server in
            let second = HTTPServer(
                configuration: .init(port: server.port), router: Router(), unknown: renderForTests, logger: Logger(sink: MemorySink()),
                metrics: MetricsRegistry())
            let error = try #require(throws: JidokaError.self) { try second.start() }
            #expect(error.code == .unavailable)
            #expect(error.message.contains("\(server.port)"))
            #expect(error.hint?.contains("--port") == true)
        }
    }

    @Test func `30 bursts of 256 new connections are all answered`() async throws {
        try await withServer(routes: [hello, slow]) { server in
            for burst in 0..<30 {
                let path = burst % 2 == 0 ? "/hello" : "/slow"
                let served = try await blocking { [port = server.port] in
                    let clients = try (0..<256).map { _ in try RawClient(port: port) }
                    for client in clients { try client.send("GET \(path) HTTP/1.1\r\nHost: t\r\n\r\n") }
                    return try clients.filter { try $0.answer().status == 200 }.count
                }
                #expect(served == 256)
            }
        }
    }
}
