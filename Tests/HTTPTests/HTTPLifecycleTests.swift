import Clockwork
import Errors
import Glibc
import Synchronization
import Telemetry
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(2)))
struct HTTPLifecycleTests {
    @Test func `a request that runs is finished before the server stops`() async throws {
        let begun = Flag()
        let slow = route("GET", "/slow") { _ in
            begun.raise()
            try await SystemTime().sleep(for: .milliseconds(300))
            return .text("done")
        }
        try await withServer(routes: [slow]) { server in
            async let answer = server.get("/slow")
            #expect(await eventually { begun.count == 1 })
            await server.server.stop(grace: .seconds(5))
            let got = try await answer
            #expect(got.text == "done")
            #expect(got.headers["connection"]?.lowercased() == "close")
        }
    }

    @Test func `a request that outlives the grace is cancelled`() async throws {
        let begun = Flag()
        let cancelled = Flag()
        let stuck = route("GET", "/stuck") { _ in
            begun.raise()
            do { try await SystemTime().sleep(for: .seconds(60)) } catch {
                cancelled.raise()
                throw error
            }
            return .text("never")
        }
        try await withServer(routes: [stuck]) { server in
            let client = try await blocking { [port = server.port] in try RawClient(port: port) }
            try await blocking { try client.send("GET /stuck HTTP/1.1\r\nHost: t\r\n\r\n") }
            #expect(await eventually { begun.count == 1 })
            await server.server.stop(grace: .milliseconds(100))
            #expect(cancelled.count == 1)
        }
    }

    @Test func `a handler that ignores cancellation cannot hold up the stop`() async throws {
        let begun = Flag()
        let release = Signal()
        let pool = BlockingPool(threads: 1)
        let deaf = route("GET", "/deaf") { _ in
            begun.raise()
            try await pool.run { release.wait() }
            return .text("late")
        }
        try await withServer(routes: [deaf]) { server in
            let client = try await blocking { [port = server.port] in try RawClient(port: port) }
            try await blocking { try client.send("GET /deaf HTTP/1.1\r\nHost: t\r\n\r\n") }
            #expect(await eventually { begun.count == 1 })
            await server.server.stop(grace: .milliseconds(50))
            let rest = try await blocking { try client.receiveAll() }
            #expect(rest.isEmpty)
            release.post()
        }
    }

    @Test func `event streams end at once when the server stops, whole`() async throws {
        let events = route("GET", "/events") { _ in
            .events { writer in
                try await writer.send(ServerSentEvent(data: "first"))
                try await SystemTime().sleep(for: .seconds(60))
            }
        }
        try await withServer(routes: [events]) { server in
            let client = try await blocking { [port = server.port] in try RawClient(port: port) }
            let first = try await blocking {
                try client.send("GET /events HTTP/1.1\r\nHost: t\r\n\r\n")
                var all: [UInt8] = []
                while !String(decoding: all, as: UTF8.self).contains("first") { all += try client.receive() }
                return all
            }
            let clock = ContinuousClock()
            let took = await clock.measure { await server.server.stop(grace: .seconds(30)) }
            #expect(took < .seconds(10))
            let rest = try await blocking { try client.receiveAll() }
            #expect(String(decoding: first + rest, as: UTF8.self).hasSuffix("0\r\n\r\n"))
        }
    }

    @Test func `a stopped server refuses connections and stops twice without harm`() async throws {
        try await withServer(routes: []) { server in
            let port = server.port
            #expect(port != 0)
            await server.server.stop(grace: .zero)
            await server.server.stop(grace: .zero)
            await #expect(throws: JidokaError.self) { try await blocking { _ = try RawClient(port: port) } }
        }
    }

    @Test func `a server that is released without a stop is cut`() async throws {
        let events = route("GET", "/wait") { _ in
            try await SystemTime().sleep(for: .seconds(60))
            return .text("never")
        }
        var router = Router()
        router.add(events)
        let log = MemorySink()
        var server: HTTPServer? = HTTPServer(
            configuration: .init(), router: router, unknown: renderForTests, logger: Logger(sink: log), metrics: MetricsRegistry())
        try server?.start()
        let port = try #require(server?.port)
        let client = try await blocking { try RawClient(port: port) }
        try await blocking { try client.send("GET /wait HTTP/1.1\r\nHost: t\r\n\r\n") }
        server = nil
        let rest = try await blocking { try client.receiveAll() }
        #expect(rest.isEmpty)
        #expect(log.lines.contains { $0.level == .warning })
    }

    @Test func `stopping under load harms nothing`() async throws {
        for _ in 0..<5 {
            let hop = route("GET", "/hop") { _ in
                await Task.yield()
                return .text("x")
            }
            let put = route("PUT", "/put") { request in .text("\(try await request.body.collect(upTo: 1 << 30).count)") }
            try await withServer(routes: [hop, put]) { server in
                let port = server.port
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for worker in 0..<8 {
                        group.addTask {
                            try await blocking {
                                do {
                                    let client = try RawClient(port: port)
                                    while true {
                                        if worker % 2 == 0 {
                                            try client.send("GET /hop HTTP/1.1\r\nHost: t\r\n\r\n")
                                        } else {
                                            try client.send("PUT /put HTTP/1.1\r\nHost: t\r\nContent-Length: 3000000\r\n\r\n")
                                            try client.send([UInt8](repeating: 1, count: 3_000_000))
                                        }
                                        guard try client.answer().status == 200 else { return }
                                    }
                                } catch is JidokaError {}  // the server is gone
                            }
                        }
                    }
                    try await SystemTime().sleep(for: .milliseconds(150))
                    await server.server.stop(grace: .milliseconds(20))
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test(arguments: ["GET /hello HT", "GET /hello HTTP/1.1\r\nHost: t\r\nX-A: 1", ""])
    func `a header that comes too slowly is cut`(_ begin: String) async throws {
        var configuration = HTTPServerConfiguration()
        configuration.headerSecondsMax = 0.6
        try await withServer(configuration, routes: [route("GET", "/hello") { _ in .text("hello") }]) { server in
            let took = try await blocking { [port = server.port] in
                try ContinuousClock().measure {
                    let client = try RawClient(port: port)
                    do {
                        if !begin.isEmpty { try client.send(begin) }
                        for _ in 0..<600 {
                            usleep(50_000)
                            try client.send("a")
                        }
                    } catch is JidokaError {}  // cut, as it should be
                }
            }
            #expect(took > .milliseconds(500))
            #expect(took < .seconds(20))  // would be 30 if nobody cut it; the machine may be busy
        }
    }

    @Test func `the header's deadline begins again with each request of a connection`() async throws {
        var configuration = HTTPServerConfiguration()
        configuration.headerSecondsMax = 0.5
        try await withServer(configuration, routes: [route("GET", "/hello") { _ in .text("hello") }]) { server in
            let served = try await blocking { [port = server.port] in
                let client = try RawClient(port: port)
                var served = 0
                for _ in 0..<4 {
                    try client.send("GET /hello HTTP/1.1\r\nHost: t\r\n\r\n")
                    served += try client.answer().status == 200 ? 1 : 0
                    usleep(300_000)
                }
                try client.send("GET /hello HTTP/1.1\r\nHost:")
                let clock = ContinuousClock()
                let took = try clock.measure { _ = try client.receiveAll() }
                return (served, took)
            }
            #expect(served.0 == 4)
            #expect(served.1 < .seconds(5))
        }
    }

    @Test func `a body that comes too slowly is cut`() async throws {
        var configuration = HTTPServerConfiguration()
        configuration.bodySecondsMax = 0.4
        try await withServer(configuration, routes: [route("POST", "/x") { _ in .text("x") }]) { server in
            let rest = try await blocking { [port = server.port] in
                let client = try RawClient(port: port)
                try client.send("POST /x HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nabc")
                return try client.receiveAll()
            }
            #expect(rest.isEmpty)
        }
    }
}
