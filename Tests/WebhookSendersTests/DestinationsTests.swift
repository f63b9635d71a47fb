import Clockwork
import Errors
import Outbound
import Testing
import Webhooks

@testable import WebhookSenders

@Suite struct DestinationsTests {
    /// Each means this machine, its network, or a place that nobody means, in a way that filters have missed.
    private static let evil = [
        "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://0/",
        "https://localhost/",
        "https://LOCALHOST/", "https://a.localhost/", "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://[fe80::1]/", "https://[fd00::1]/", "https://[ff02::1]/",
        "https://10.0.0.1/",
        "https://172.16.0.1/", "https://172.31.255.255/", "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://192.0.2.1/", "https://198.18.0.1/", "https://203.0.113.5/", "https://224.0.0.1/", "https://240.0.0.1/",
        "https://255.255.255.255/",
        "https://0.0.0.0/", "https://user@127.0.0.1/", "https://example.com@127.0.0.1/", "http://example.com/", "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/", "https:///path", "https://", "javascript:alert(1)", "https://[::ffff:169.254.169.254]/",
    ]

    @Test(arguments: evil) func `no webhook goes to this machine or its network`(url: String) async throws {
        let destinations = try Destinations()
        var refused = false
        do { try destinations.check(url: url) } catch { refused = true }
        if !refused {
            // An odd way to write an address is refused when the connection would be made.
            var request = OutboundRequest("GET", url)
            request.destinations = destinations
            request.timeout = .seconds(5)
            do {
                _ = try await OutboundClient(pool: BlockingPool(threads: 1)).send(request)
                Issue.record("\(url) was called")
            } catch let error as JidokaError {
                #expect(error.fields["reason"] == "refused_address" || error.code == .unavailable, "\(error)")
            }
        }
    }

    @Test func `places are allowed by name and by block`() throws {
        let destinations = try Destinations(allowing: ["hooks.example", "*.corp.example", "10.1.0.0/16", "fd00::/8", "127.0.0.1"])
        for url in [
            "http://hooks.example/x", "https://a.b.corp.example/", "https://10.1.2.3/", "https://[fd12::1]/", "https://127.0.0.1:9/",
        ] {
            try destinations.check(url: url)
        }
        for url in ["http://other.example/", "https://10.2.0.1/", "https://127.0.0.2/", "http://corp.example.evil/", "http://1.1.1.1/"] {
            #expect(throws: JidokaError.self) { try destinations.check(url: url) }
        }
        #expect(destinations.allows(address: "10.1.255.255") && !destinations.allows(address: "10.2.0.0"))
        #expect(destinations.allows(address: "1.1.1.1") && !destinations.allows(address: "nonsense"))
        try Destinations(allowing: ["*"]).check(url: "http://127.0.0.1:1/")
        for wrong in ["10.0.0.0/33", "a/b", "", "::1/200"] { #expect(throws: JidokaError.self) { _ = try Destinations(allowing: [wrong]) } }
    }

    /// From MLflow's own signer: `_generate_hmac_signature("s3cret", "id-1", "1700000000", '{"a":1}')`.
    @Test func `the signature is MLflow's`() {
        let signature = HTTPWebhookSender.signature(secret: "s3cret", id: "id-1", seconds: "1700000000", body: #"{"a":1}"#)
        #expect(signature == "v1,ptB/Bx6uQbTgbsxdLuNLpNIrB0UNx4wkLFDG/8MNclw=")
    }
}
