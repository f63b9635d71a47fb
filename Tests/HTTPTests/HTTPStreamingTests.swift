import Clockwork
import Errors
import Glibc
import Synchronization
import Telemetry
import Testing

@testable import HTTP

@Suite(.serialized, .timeLimit(.minutes(2)))
struct HTTPStreamingTests {
    @Test func `64 MB go up with little of it in memory at any time`() async throws {
        let consumed = Flag()
        let longest = Mutex(0)
        let count = route("PUT", "/count") { request in
            try await request.body.forEachChunk { chunk in
                consumed.raise(chunk.count)
                longest.withLock { $0 = max($0, chunk.count) }
                await Task.yield()
            }
            return .text("\(consumed.count)")
        }
        try await withServer(routes: [count]) { server in
            let (answer, between) = try await blocking { [port = server.port] in
                let client = try RawClient(port: port)
                try client.send("PUT /count HTTP/1.1\r\nHost: t\r\nContent-Length: \(64 << 20)\r\n\r\n")
                let piece = [UInt8](repeating: 1, count: 1 << 20)
                var between = 0
                for sent in 1...64 {
                    try client.send(piece)
                    between = max(between, (sent << 20) - consumed.count)
                }
                return (try client.answer(), between)
            }
            #expect(answer.text == "\(64 << 20)")
            #expect(longest.withLock { $0 } <= 400_000)
            #expect(between < 16 << 20)  // nearly all of it in socket buffers
        }
    }

    @Test func `a slow handler holds back the client`() async throws {
        let release = Signal()
        let pool = BlockingPool(threads: 1)
        let gate = route("PUT", "/gate") { request in
            guard case .stream(let next) = request.body else { return .text("whole", status: 500) }
            let first = try await next()?.count ?? 0
            try await pool.run { release.wait() }
            var total = first
            while let chunk = try await next() { total += chunk.count }
            return .text("\(total)")
        }
        try await withServer(routes: [gate]) { server in
            let sent = Flag()
            async let answer = blocking { [port = server.port] in
                let client = try RawClient(port: port)
                try client.send("PUT /gate HTTP/1.1\r\nHost: t\r\nContent-Length: \(64 << 20)\r\n\r\n")
                for _ in 0..<64 {
                    try client.send([UInt8](repeating: 1, count: 1 << 20))
                    sent.raise()
                }
                return try client.answer()
            }
            try await SystemTime().sleep(for: .milliseconds(500))
            #expect(sent.count < 32)  // the rest waits in the client: only socket buffers lie between
            release.post()
            #expect(try await answer.text == "\(64 << 20)")
        }
    }

    @Test func `a handler that refuses at once spares the client the upload`() async throws {
        let refuse = route("PUT", "/refuse") { _ in
            try await SystemTime().sleep(for: .milliseconds(20))
            throw JidokaError.invalidArgument("not here")
        }
        try await withServer(routes: [refuse]) { server in
            let answer = try await server.ask("PUT /refuse HTTP/1.1\r\nHost: t\r\nContent-Length: 9000000\r\nExpect: 100-continue\r\n\r\n")
            #expect(answer.status == 400)
        }
    }

    @Test func `a handler may answer in the middle of the upload`() async throws {
        let taste = route("PUT", "/taste") { request in
            guard case .stream(let next) = request.body else { return .text("whole", status: 500) }
            return .text("\(try await next() != nil)")
        }
        try await withServer(routes: [taste]) { server in
            let answers = try await blocking { [port = server.port] in
                let client = try RawClient(port: port)
                let put = "PUT /taste HTTP/1.1\r\nHost: t\r\nContent-Length: \(8 << 20)\r\n\r\n"
                var got: [RawClient.Answer] = []
                for _ in 0..<2 {
                    try client.send(put)
                    try client.send([UInt8](repeating: 1, count: 8 << 20))
                    got.append(try client.answer())
                }
                return got
            }
            #expect(answers.map(\.text) == ["true", "true"])
        }
    }

    @Test func `a client that leaves in the middle of the upload ends the handler`() async throws {
        let failures = Mutex<[JidokaError]>([])
        let put = route("PUT", "/put") { request in
            do { try await request.body.forEachChunk { _ in } } catch {
                failures.withLock { $0.append(.wrapping(error)) }
                throw error
            }
            return .text("done")
        }
        try await withServer(routes: [put]) { server in
            try await blocking { [port = server.port] in
                let client = try RawClient(port: port)
                try client.send("PUT /put HTTP/1.1\r\nHost: t\r\nContent-Length: 9000000\r\n\r\n")
                try client.send([UInt8](repeating: 1, count: 2_000_000))
            }
            #expect(await eventually { failures.withLock { $0.count } == 1 })
            #expect(await eventually { server.log.lines.contains { $0.message == "request" && $0.fields.contains { $0.0 == "aborted" } } })
        }
    }

    @Test func `a streamed reply arrives whole`() async throws {
        let produce = route("GET", "/stream") { _ in
            HTTPResponse(
                body: .stream { writer in
                    for i in 0..<200 {
                        try await writer.write([UInt8](repeating: UInt8(i), count: 10_000))
                        if i % 50 == 0 { await Task.yield() }
                    }
                })
        }
        try await withServer(routes: [produce]) { server in
            let answer = try await server.get("/stream")
            #expect(answer.headers["transfer-encoding"] == "chunked")
            #expect(answer.body.count == 2_000_000)
            #expect(answer.body == (0..<200).flatMap { [UInt8](repeating: UInt8($0), count: 10_000) })
        }
    }

    @Test func `a streamed reply of known length says so`() async throws {
        let produce = route("GET", "/stream") { _ in
            HTTPResponse(
                headers: ["content-length": "6"],
                body: .stream { writer in
                    try await writer.write(Array("abc".utf8))
                    try await SystemTime().sleep(for: .milliseconds(10))
                    try await writer.write(Array("def".utf8))
                })
        }
        try await withServer(routes: [produce]) { server in
            let answer = try await server.get("/stream")
            #expect(answer.headers["content-length"] == "6")
            #expect(answer.text == "abcdef")
        }
    }

    @Test func `a stream that fails is cut, not ended`() async throws {
        let fail = route("GET", "/fail") { _ in
            HTTPResponse(
                body: .stream { writer in
                    try await writer.write(Array("abc".utf8))
                    throw JidokaError.internal("broken")
                })
        }
        try await withServer(routes: [fail]) { server in
            let all = try await blocking { [port = server.port] in
                let client = try RawClient(port: port)
                try client.send("GET /fail HTTP/1.1\r\nHost: t\r\n\r\n")
                return try client.receiveAll()
            }
            #expect(!String(decoding: all, as: UTF8.self).hasSuffix("0\r\n\r\n"))
            #expect(await eventually { server.log.lines.contains { $0.message == "reply cut short" } })
        }
    }

    @Test func `events arrive one by one`() async throws {
        let events = route("GET", "/events") { _ in
            .events { writer in
                for i in 0..<3 {
                    try await writer.send(ServerSentEvent(data: "{\"n\":\(i)}", event: "tick", id: "\(i)"))
                    try await SystemTime().sleep(for: .milliseconds(10))
                }
            }
        }
        try await withServer(routes: [events]) { server in
            let answer = try await server.get("/events")
            #expect(answer.headers["content-type"] == "text/event-stream; charset=utf-8")
            #expect(answer.text == (0..<3).map { "id: \($0)\nevent: tick\ndata: {\"n\":\($0)}\n\n" }.joined())
        }
    }

    @Test func `a handler of events notices that its client has left, quiet or not`() async throws {
        let ended = Flag()
        let quiet = route("GET", "/quiet") { _ in
            .events { writer in
                defer { ended.raise() }
                try await writer.comment("begin")
                try await SystemTime().sleep(for: .seconds(60))
            }
        }
        let busy = route("GET", "/busy") { _ in
            .events { writer in
                defer { ended.raise() }
                while true {
                    try await writer.send(ServerSentEvent(data: String(repeating: "x", count: 10_000)))
                    await Task.yield()
                }
            }
        }
        let waiting = route("GET", "/waiting") { _ in
            defer { ended.raise() }
            try await SystemTime().sleep(for: .seconds(60))
            return .text("never")
        }
        try await withServer(routes: [quiet, busy, waiting]) { server in
            for (number, path) in ["/quiet", "/busy", "/waiting"].enumerated() {
                try await blocking { [port = server.port] in
                    let client = try RawClient(port: port)
                    try client.send("GET \(path) HTTP/1.1\r\nHost: t\r\n\r\n")
                    if path == "/waiting" { usleep(50_000) } else { _ = try client.receive(upTo: 100) }
                }
                #expect(await eventually { ended.count == number + 1 })
            }
            #expect(await eventually { server.log.lines.filter { $0.message == "request" }.count == 3 })
        }
    }

    @Test func `files are sent whole or in part`() async throws {
        let path = "/tmp/jidoka-http-file-\(getpid())"
        let file = try #require(fopen(path, "w"))
        fputs("0123456789", file)
        fclose(file)
        defer { unlink(path) }
        let send = route("GET", "/file") { _ in HTTPResponse(headers: ["etag": "\"v1\""], body: .file(path: path, offset: 0, count: 10)) }
        let inner = route("GET", "/inner") { _ in HTTPResponse(body: .file(path: path, offset: 2, count: 5)) }
        let gone = route("GET", "/gone") { _ in HTTPResponse(body: .file(path: path + "x", offset: 0, count: 5)) }
        try await withServer(routes: [send, inner, gone]) { server in
            #expect(try await server.get("/file").text == "0123456789")
            #expect(try await server.get("/inner").text == "23456")
            let part = try await server.get("/file", "Range: bytes=2-4\r\n")
            #expect(part.status == 206)
            #expect(part.text == "234")
            #expect(part.headers["content-range"] == "bytes 2-4/10")
            #expect(try await server.get("/inner", "Range: bytes=-2\r\n").text == "56")
            #expect(try await server.get("/file", "Range: bytes=10-\r\n").status == 416)
            #expect(try await server.get("/file", "Range: bytes=2-4\r\nIf-Range: \"v0\"\r\n").status == 200)
            #expect(try await server.get("/file", "Range: bytes=2-4\r\nIf-Range: \"v1\"\r\n").status == 206)
            #expect(try await server.get("/gone").status == 500)
        }
    }
}
