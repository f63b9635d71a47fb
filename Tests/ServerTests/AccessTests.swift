import Errors
import Foundation
import Glibc
import HTTP
import JSON
import Telemetry
import Testing

@testable import Server

/// The routes of the real server, composed in a home of its own.
func withRouter(_ body: (Router) async throws -> Void) async throws {
    var template = Array("/tmp/jidoka-access-XXXXXX".utf8CString)
    let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let settings = ServerSettings(project: folder, home: folder + "/home")
    let home = try HomeFolder(path: settings.home)
    let parts = try await Composition.make(
        settings, home: home, environment: [:], logger: Logger(level: .error, sink: MemorySink()), cores: 1)
    try await body(parts.router)
    await parts.finish()
}

private struct DenyEveryone: Authoriser {
    func authorise(_ request: HTTPRequest, for route: Route) async throws {
        throw JidokaError(.permissionDenied, "no")
    }
}

@Suite(.serialized) struct AccessTests {
    @Test("a denying authoriser closes every route of every protocol before its handler runs")
    func denied() async throws {
        try await withRouter { composed in
            var router = composed
            router.authoriser = DenyEveryone()
            router.originPolicy = nil
            for route in router.routes {
                let path = route.pattern.split(separator: "/").map { segment in
                    guard segment.hasPrefix("{"), let close = segment.firstIndex(of: "}") else { return String(segment) }
                    return "x" + segment[segment.index(after: close)...]
                }
                let request = HTTPRequest(
                    method: route.method, path: "/" + path.joined(separator: "/"),
                    body: .stream { throw JidokaError.internal("the body of a refused request is not read") })
                let answer = await router.respond(to: request) { error, _ in .text(error.message, status: 404) }
                #expect(answer.status == 403, "\(route.method) \(route.pattern): \(answer.status)")
            }
        }
    }

    @Test("every route acts on a known kind of thing, and docs/reference/permissions.md tells them all")
    func table() async throws {
        try await withRouter { router in
            #expect(router.routes.allSatisfy { $0.scope != nil })
            let page = #filePath.replacing("Tests/ServerTests/AccessTests.swift", with: "docs/reference/permissions.md")
            let wanted = JidokaServer.permissionTable(router.routes)
            // `make docs` writes the page, `make test` compares it: between them routes may come from several branches at once.
            if getenv("JIDOKA_WRITE_REFERENCE") != nil { write(wanted, to: page) }
            if getenv("JIDOKA_CHECK_REFERENCE") == nil { return }
            #expect(
                read(page) == wanted, "the page is stale: `make docs` writes it")
        }
    }

    @Test("a POST that needs only read is a search or a prediction")
    func changes() async throws {
        let reading = [
            "search", "infer", "predict", ":classify", ":regress", "/repository/index", "get", "batchGet", "metrics", "correlation",
            "graphql", "query",
            "invocations", "presigned-download-url",
        ]
        try await withRouter { router in
            for route in router.routes where route.permission == .read && route.method != "GET" {
                #expect(reading.contains { route.pattern.contains($0) }, "\(route.method) \(route.pattern) is `read`")
            }
        }
    }

    @Test("a scope names its thing from path, query or body")
    func names() {
        let scope = AccessScope("run", fields: ["run_id"])
        #expect(scope.name(in: HTTPRequest(method: "GET", path: "/", query: [(name: "run_id", value: "a")])) == "a")
        #expect(scope.name(in: HTTPRequest(method: "GET", path: "/", parameters: ["run_id": "b"])) == "b")
        #expect(scope.name(in: HTTPRequest(method: "POST", path: "/", body: .bytes(Array(#"{"run_id": "c"}"#.utf8)))) == "c")
        #expect(scope.name(in: HTTPRequest(method: "POST", path: "/", body: .bytes(Array("[".utf8)))) == nil)
    }

    @Test("only loopback is bound without a word", arguments: ["127.0.0.1", "127.8.9.1", "localhost", "::1"])
    func loopback(_ host: String) throws { try ServerSettings(project: "/", home: "/", host: host).check() }

    @Test(
        "every other address must be asked for",
        arguments: ["0.0.0.0", "::", "10.0.0.1", "example.com", "127.example.com", "127.0.0.1.example.com", "", "*", "::ffff:0.0.0.0", "0"])
    func exposed(_ host: String) throws {
        #expect(throws: JidokaError.self) { try ServerSettings(project: "/", home: "/", host: host).check() }
        try ServerSettings(project: "/", home: "/", host: host, allowUnauthenticated: true).check()
    }
}

private func write(_ text: String, to path: String) {
    guard let file = fopen(path, "w") else { return }
    fputs(text, file)
    fclose(file)
}

private func read(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { all += buffer[..<count] }
    return String(decoding: all, as: UTF8.self)
}
