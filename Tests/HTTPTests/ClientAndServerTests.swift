import Clockwork
import Errors
import Glibc
import JSON
import Outbound
import Synchronization
import Testing

@testable import HTTP

private let client = OutboundClient(pool: BlockingPool(threads: 8))

/// A file that is removed when the test lets go of it.
private final class ScratchFile {
    let path: String
    init(_ bytes: [UInt8] = []) throws {
        path = "/tmp/jidoka-\(getpid())-\(SystemIDs().next())"
        let file = try #require(fopen(path, "w"))
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }
    deinit { unlink(path) }

    func read() throws -> [UInt8] {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var all = [UInt8](repeating: 0, count: 32 << 20)
        all.removeLast(all.count - fread(&all, 1, all.count, file))
        return all
    }
}

private func noise(_ count: Int) -> [UInt8] {
    var random = SplitMix64(seed: 7)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
}

@Suite(.timeLimit(.minutes(2)))
struct ClientAndServerTests {
    @Test func `a file goes up and comes down again, byte for byte`() async throws {
        let store = Mutex<[UInt8]>([])
        let put = route("PUT", "/blob") { request in
            let bytes = try await request.body.collect(upTo: 32 << 20)
            store.withLock { $0 = bytes }
            return HTTPResponse(status: 201)
        }
        let get = route("GET", "/blob") { _ in
            HTTPResponse(
                body: .stream { writer in
                    for piece in store.withLock({ $0 }).chunks(of: 100_000) { try await writer.write(piece) }
                })
        }
        try await withServer(routes: [put, get]) { server in
            let bytes = noise(5_000_000)
            let source = try ScratchFile(bytes)
            let url = "http://127.0.0.1:\(server.port)/blob"
            let up = try await client.send(OutboundRequest("PUT", url, body: .file(path: source.path)))
            #expect(up.status == 201)
            #expect(store.withLock { $0 } == bytes)
            let target = try ScratchFile()
            var request = OutboundRequest("GET", url)
            request.sink = .file(path: target.path)
            let down = try await client.send(request)
            #expect(down.body.isEmpty)
            #expect(down.bytesReceived == 5_000_000)
            #expect(try target.read() == bytes)
            let part = try await client.send(OutboundRequest("PUT", url, body: .file(path: source.path, offset: 1_000, count: 50)))
            #expect(part.status == 201)
            #expect(store.withLock { $0 } == Array(bytes[1_000..<1_050]))
        }
    }

    @Test func `an error's body is read even where a file was wanted, and the file is not made`() async throws {
        try await withServer(routes: []) { server in
            var request = OutboundRequest("GET", "http://127.0.0.1:\(server.port)/nothing")
            request.sink = .file(path: "/tmp/jidoka-never-\(getpid())")
            let answer = try await client.send(request)
            #expect(answer.status == 404)
            #expect(try answer.json()["code"] == "not_found")
            #expect(access("/tmp/jidoka-never-\(getpid())", F_OK) != 0)
        }
    }

    @Test func `events are taken as they come until the taker has enough`() async throws {
        let ended = Flag()
        let events = route("GET", "/events") { _ in
            .events { writer in
                defer { ended.raise() }
                for i in 0..<1_000_000 {
                    try await writer.send(ServerSentEvent(data: "\(i)"))
                    try await SystemTime().sleep(for: .milliseconds(2))
                }
            }
        }
        try await withServer(routes: [events]) { server in
            let taken = Mutex<[UInt8]>([])
            var request = OutboundRequest("GET", "http://127.0.0.1:\(server.port)/events")
            request.timeout = nil
            request.sink = .chunks { chunk in
                let enough = taken.withLock { taken in
                    taken += chunk
                    return String(decoding: taken, as: UTF8.self).contains("data: 3\n")
                }
                if enough { throw JidokaError(.conflict, "enough") }
            }
            let outcome = await Task { [request] in try await client.send(request) }.result
            #expect(throws: JidokaError.self) { try outcome.get() }
            #expect(String(decoding: taken.withLock { $0 }, as: UTF8.self).hasPrefix("data: 0\n\ndata: 1\n\n"))
            #expect(await eventually { ended.count == 1 })
        }
    }

    @Test func `a connection is used again`() async throws {
        let hello = route("GET", "/hello") { request in .text(request.remoteAddress) }
        try await withServer(routes: [hello]) { server in
            let single = OutboundClient(pool: BlockingPool(threads: 1))
            for _ in 0..<20 {
                let answer = try await single.send(OutboundRequest("GET", "http://127.0.0.1:\(server.port)/hello"))
                #expect(answer.text == "127.0.0.1")
            }
            #expect(server.server.connectionsOpen == 1)
        }
    }
}

extension Array {
    fileprivate func chunks(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
