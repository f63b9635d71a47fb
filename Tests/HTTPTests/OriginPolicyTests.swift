import Testing

@testable import HTTP

@Suite struct OriginPolicyTests {
    private let policy = OriginPolicy(hosts: ["127.0.0.1", "jidoka.example", "*.team.example"])

    private func refused(_ method: String, _ headers: [(name: String, value: String)], path: String = "/api/x") -> Bool {
        policy.refusal(of: HTTPRequest(method: method, path: path, headers: HTTPHeaders(headers))) != nil
    }

    @Test(
        "this server's names and numeric loopback and private addresses are hosts",
        arguments: [
            "localhost", "LOCALHOST:5000", "127.0.0.1:1", "[::1]:5000", "10.1.2.3:5000", "192.168.0.7", "[fd00::1]", "jidoka.example:80",
            "a.team.example", "localhost.:5000",
        ])
    func hosts(_ host: String) { #expect(!refused("GET", [("host", host)])) }

    @Test(
        "other names are refused, whatever they resemble",
        arguments: [
            "evil.example", "127.0.0.1.evil.example", "10.evil.example", "localhost.evil.example", "evil.example:5000",
            "jidoka.example.evil.example",
            "team.example.evil.example", "xteam.example", "a@localhost", "localhost@evil.example", "8.8.8.8", "[::2]", "",
            "localhost:5000:1", "[::1]x",
            "localhost/evil", "169.254.169.254", "2130706433", "127.1",
        ])
    func foreign(_ host: String) { #expect(refused("GET", [("host", host)])) }

    @Test("a request without a host, or with two, is refused")
    func count() {
        #expect(refused("GET", []))
        #expect(refused("GET", [("host", "localhost"), ("host", "localhost")]))
    }

    @Test("a change from another site's page is refused, from this server's page or from no page it passes")
    func origins() {
        let host = (name: "host", value: "127.0.0.1:5000")
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            for origin in ["http://evil.example", "null", "https://127.0.0.1.evil.example", "file://", "http://10.0.0.9", "evil"] {
                #expect(refused(method, [host, ("origin", origin)]), "\(method) \(origin)")
            }
            for origin in ["http://127.0.0.1:5000", "http://localhost:3000", "https://jidoka.example"] {
                #expect(!refused(method, [host, ("origin", origin)]), "\(method) \(origin)")
            }
            #expect(refused(method, [host, ("sec-fetch-site", "cross-site")]))
            #expect(refused(method, [host, ("sec-fetch-site", "same-site")]))
            #expect(!refused(method, [host, ("sec-fetch-site", "same-origin")]))
            #expect(!refused(method, [host]))
        }
        #expect(!refused("GET", [host, ("origin", "http://evil.example")]))
    }

    @Test("what load balancers ask may be asked under any name")
    func health() {
        #expect(!refused("GET", [("host", "evil.example")], path: "/health"))
        #expect(!refused("GET", [("host", "evil.example")], path: "/version"))
        #expect(refused("POST", [("host", "evil.example")], path: "/health"))
    }
}
