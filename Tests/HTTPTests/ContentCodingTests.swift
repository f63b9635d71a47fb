import Clockwork
import Errors
import Testing

@testable import HTTP

private let echo = route("POST", "/echo") { request in .json(try await request.body.collect(upTo: 256 << 20)) }
private let length = route("POST", "/length") { request in
    var total = 0
    try await request.body.forEachChunk { total += $0.count }
    return .text("\(total)")
}

struct ContentCodingTests {
    @Test(arguments: [ContentCoding.gzip, .deflate], [100, 70_000, 3_000_000, 9_000_000])
    func `what is compressed is read back`(_ coding: ContentCoding, _ count: Int) async throws {
        var random = SplitMix64(seed: UInt64(count))
        let plain = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next() % 7) }
        let compressed = try #require(coding.compress(plain))
        try await withServer(routes: [echo]) { server in
            let answer = try await server.post("/echo", compressed, "Content-Encoding: \(coding.name)\r\n")
            #expect(answer.status == 200)
            #expect(answer.body == plain)
        }
    }

    @Test func `bare deflate data and several gzip members are understood`() throws {
        let limit = InflationLimit(free: 1 << 20, ratio: 100, most: 1 << 20)
        let text = Array(String(repeating: "abc", count: 100).utf8)
        let wrapped = try #require(ContentCoding.deflate.compress(text))
        let bare = Array(wrapped.dropFirst(2).dropLast(4))
        guard case .bytes(let plain) = try HTTPBody.bytes(bare).inflated(.deflate, limit: limit) else {
            throw JidokaError.internal("streamed")
        }
        #expect(plain == text)
        let member = try #require(ContentCoding.gzip.compress(text))
        guard case .bytes(let twice) = try HTTPBody.bytes(member + member).inflated(.gzip, limit: limit) else {
            throw JidokaError.internal("streamed")
        }
        #expect(twice == text + text)
    }

    @Test func `broken and cut data are refused`() async throws {
        let whole = try #require(ContentCoding.gzip.compress(Array(repeating: 65, count: 10_000)))
        try await withServer(routes: [echo]) { server in
            let cases = [Array(whole.dropLast(9)), Array("not gzip at all".utf8), whole + [1, 2, 3]]
            for bytes in cases {
                let refused = try await server.post("/echo", bytes, "Content-Encoding: gzip\r\n")
                #expect(refused.status == 400)
            }
            let unknown = try await server.post("/echo", whole, "Content-Encoding: br\r\n")
            #expect(unknown.status == 415)
        }
    }

    @Test func `a bomb is refused before it bursts, gathered or streamed`() async throws {
        let zeros = [UInt8](repeating: 0, count: 64 << 20)
        let small = try #require(ContentCoding.gzip.compress(zeros))
        #expect(small.count < 1 << 20)
        // A bomb above the length that is gathered: many members, one after the other.
        let large = Array(repeatElement(small, count: 6).joined())
        #expect(large.count > 1 << 20)
        try await withServer(routes: [echo, length]) { server in
            let gathered = try await server.post("/length", small, "Content-Encoding: gzip\r\n")
            #expect(gathered.status == 413)
            let streamed = try await server.post("/length", large, "Content-Encoding: gzip\r\n")
            #expect(streamed.status == 413)
        }
    }

    @Test func `replies of text are compressed for clients that accept it`() async throws {
        let long = route("GET", "/long") { _ in .text(String(repeating: "all work and no play ", count: 200)) }
        let short = route("GET", "/short") { _ in .text("short") }
        let binary = route("GET", "/binary") { _ in
            HTTPResponse(headers: ["content-type": "application/octet-stream"], body: .bytes(Array(repeating: 0, count: 10_000)))
        }
        var configuration = HTTPServerConfiguration()
        configuration.compressLoopback = true
        try await withServer(configuration, routes: [long, short, binary]) { server in
            let answer = try await server.get("/long", "Accept-Encoding: gzip, deflate\r\n")
            #expect(answer.headers["content-encoding"] == "gzip")
            #expect(answer.body.count < 400)
            let limit = InflationLimit(free: 1 << 20, ratio: 100, most: 1 << 20)
            guard case .bytes(let plain) = try HTTPBody.bytes(answer.body).inflated(.gzip, limit: limit) else {
                throw JidokaError.internal("streamed")
            }
            #expect(plain.count == 4_200)
            #expect(try await server.get("/long", "Accept-Encoding: deflate\r\n").headers["content-encoding"] == "deflate")
            for headers in ["", "Accept-Encoding: br\r\n", "Accept-Encoding: gzip;q=0\r\n"] {
                #expect(try await server.get("/long", headers).headers["content-encoding"] == nil)
            }
            #expect(try await server.get("/short", "Accept-Encoding: gzip\r\n").headers["content-encoding"] == nil)
            #expect(try await server.get("/binary", "Accept-Encoding: gzip\r\n").headers["content-encoding"] == nil)
        }
    }
}
