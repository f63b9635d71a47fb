import Clockwork
import Errors
import Glibc
import Testing

@testable import Outbound

private func failure(_ request: OutboundRequest) async throws -> JidokaError {
    let client = OutboundClient(pool: BlockingPool(threads: 1))
    do {
        let response = try await client.send(request)
        throw JidokaError.internal("answered with \(response.status)")
    } catch let error as JidokaError { return error }
}

@Suite(.timeLimit(.minutes(2)))
struct OutboundClientTests {
    @Test func `a request goes out as it is written and the answer comes back`() async throws {
        let server = ScriptedServer(
            bodyBytes: 4,
            answers: ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nX-A:  one \r\nx-a: two\r\nContent-Length: 5\r\n\r\nhello"])
        let client = OutboundClient(pool: BlockingPool(threads: 1))
        let request = OutboundRequest(
            "PUT", "http://127.0.0.1:\(server.port)/a%20b?x=1", headers: [(name: "X-Test", value: "v"), (name: "X-Empty", value: "")],
            body: .bytes(Array("body".utf8)))
        let response = try await client.send(request)
        #expect(response.status == 201)
        #expect(response.text == "hello")
        #expect(response.header("X-A") == "one")
        #expect(response.headers.map(\.value).contains("two"))
        #expect(response.bytesReceived == 5)
        let sent = try #require(server.requests.first)
        #expect(sent.hasPrefix("PUT /a%20b?x=1 HTTP/1.1\r\n"))
        #expect(sent.contains("X-Test: v\r\n"))
        #expect(sent.contains("X-Empty:\r\n"))
        #expect(sent.contains("Content-Length: 4\r\n"))
        #expect(!sent.lowercased().contains("content-type"))
        #expect(sent.hasSuffix("\r\n\r\nbody"))
    }

    @Test(arguments: ["GET", "DELETE", "OPTIONS"]) func `methods without a body send none`(_ method: String) async throws {
        let server = ScriptedServer(answers: ["HTTP/1.1 204 No Content\r\n\r\n"])
        let client = OutboundClient(pool: BlockingPool(threads: 1))
        let response = try await client.send(OutboundRequest(method, "http://127.0.0.1:\(server.port)/"))
        #expect(response.status == 204)
        let sent = try #require(server.requests.first)
        #expect(sent.hasPrefix("\(method) / HTTP/1.1\r\n"))
        #expect(!sent.lowercased().contains("content-length"))
    }

    @Test func `an empty POST says that it is empty`() async throws {
        let server = ScriptedServer(answers: ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
        let client = OutboundClient(pool: BlockingPool(threads: 1))
        #expect(try await client.send(OutboundRequest("POST", "http://127.0.0.1:\(server.port)/")).isSuccess)
        #expect(try #require(server.requests.first).contains("Content-Length: 0\r\n"))
    }

    @Test func `a redirect is an answer, not an order`() async throws {
        let server = ScriptedServer(answers: ["HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"])
        let client = OutboundClient(pool: BlockingPool(threads: 1))
        let response = try await client.send(OutboundRequest("GET", "http://127.0.0.1:\(server.port)/"))
        #expect(response.status == 302)
        #expect(response.header("location") == "http://127.0.0.1:1/")
    }

    @Test func `nothing listening is said in words`() async throws {
        let gone = ScriptedServer(answers: [])
        usleep(50_000)
        let error = try await failure(OutboundRequest("GET", "http://127.0.0.1:\(gone.port)/secret?token=x"))
        #expect(error.code == .unavailable)
        #expect(error.message == "nothing listens at `127.0.0.1:\(gone.port)`")
        #expect(error.hint != nil)
    }

    @Test(arguments: [
        "ftp://127.0.0.1/", "file:///etc/passwd", "", "http://", "no url at all", "gopher://x", "http://a b/",
    ]) func `only http and https addresses are called`(_ url: String) async throws {
        #expect(try await failure(OutboundRequest("GET", url)).code == .invalidArgument)
    }

    @Test(arguments: [("X-A", "v\r\nX-B: w"), ("X-A\n", "v"), ("", "v")])
    func `headers cannot smuggle others in`(_ name: String, _ value: String) async throws {
        let request = OutboundRequest("GET", "http://127.0.0.1:9/", headers: [(name: name, value: value)])
        #expect(try await failure(request).code == .invalidArgument)
    }

    @Test func `a slow answer is given up`() async throws {
        let server = ScriptedServer(delayMilliseconds: 1_000, answers: ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
        var request = OutboundRequest("GET", "http://127.0.0.1:\(server.port)/")
        request.timeout = .milliseconds(100)
        let error = try await failure(request)
        #expect(error.code == .unavailable)
        #expect(error.message.contains("in time"))
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"])
    func `an answer that breaks off is no answer`(_ answer: String) async throws {
        let server = ScriptedServer(answers: [answer])
        let error = try await failure(OutboundRequest("GET", "http://127.0.0.1:\(server.port)/"))
        #expect(error.code == .unavailable)
        #expect(error.message.contains("broke"))
    }

    @Test func `an answer that is too long is refused`() async throws {
        let body = String(repeating: "x", count: 1_000)
        let server = ScriptedServer(answers: ["HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n\(body)"])
        var request = OutboundRequest("GET", "http://127.0.0.1:\(server.port)/")
        request.responseBytesMax = 999
        #expect(try await failure(request).code == .exhausted)
    }

    @Test func `what the taker of chunks throws ends the request`() async throws {
        let server = ScriptedServer(answers: ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"])
        var request = OutboundRequest("GET", "http://127.0.0.1:\(server.port)/")
        request.sink = .chunks { _ in throw JidokaError.conflict("enough") }
        #expect(try await failure(request).message == "enough")
    }

    @Test func `a cancelled task does not wait for the answer`() async throws {
        let server = ScriptedServer(delayMilliseconds: 60_000, answers: ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
        let client = OutboundClient(pool: BlockingPool(threads: 1))
        let task = Task { try await client.send(OutboundRequest("GET", "http://127.0.0.1:\(server.port)/")) }
        while server.requests.isEmpty { try await SystemTime().sleep(for: .milliseconds(10)) }
        let clock = ContinuousClock()
        let took = await clock.measure {
            task.cancel()
            let result = await task.result
            #expect(throws: CancellationError.self) { try result.get() }
        }
        #expect(took < .seconds(20))
    }

    @Test func `a missing file and a part beyond its end are refused`() async throws {
        let missing = OutboundRequest("PUT", "http://127.0.0.1:9/", body: .file(path: "/nowhere/at/all"))
        #expect(try await failure(missing).code == .notFound)
        let beyond = OutboundRequest("PUT", "http://127.0.0.1:9/", body: .file(path: "/etc/hostname", offset: 0, count: 1 << 20))
        #expect(try await failure(beyond).code == .invalidArgument)
    }
}

extension JidokaError {
    fileprivate static func conflict(_ message: String) -> JidokaError { .init(.conflict, message) }
}
