import Clockwork
import Foundation
import JSON
import S3
import Testing

/// Fixtures/signatures.json was written by botocore (its version is in there) through make_signatures.py beside it.
@Suite struct SignatureTests {
    @Test func `headers and presigned addresses are signed as botocore signs them`() throws {
        let url = try #require(Bundle.module.url(forResource: "signatures", withExtension: "json", subdirectory: "Fixtures"))
        let fixture = try JSONValue.parse([UInt8](Data(contentsOf: url)))
        let (access, secret) = (try text(fixture, "access"), try text(fixture, "secret"))
        let time = Timestamp(microseconds: try #require(fixture["microseconds"]?.intValue))
        let cases = try #require(fixture["cases"]?.arrayValue)
        #expect(cases.count == 28)
        for item in cases {
            let name = try text(item, "name")
            let signer = SigV4(
                credentials: S3Credentials(accessKey: access, secretKey: secret, sessionToken: item["token"]?.stringValue),
                region: try text(fixture, "region"))
            let target = SignedTarget(
                try text(item, "method"), host: "s3.example.org:9000", path: try text(item, "path"), query: try pairs(item, "query"))
            let signed = signer.headers(target, try pairs(item, "headers"), payloadHash: try text(item, "payload"), at: time)
            #expect(signed.first { $0.name == "authorization" }?.value == item["authorization"]?.stringValue, "\(name)")
            let presigned = signer.presigned(target, seconds: 900, at: time)
            #expect(presigned.hasSuffix("X-Amz-Signature=\(try text(item, "signature"))"), "\(name), presigned")
        }
    }

    @Test func `no text form of credentials shows the secret`() {
        let credentials = S3Credentials(accessKey: "AKIDEXAMPLE", secretKey: "very-secret", sessionToken: "also-secret")
        for text in ["\(credentials)", String(reflecting: credentials)] {
            #expect(!text.contains("secret"))
        }
    }

    private func text(_ value: JSONValue, _ name: String) throws -> String { try #require(value[name]?.stringValue) }

    private func pairs(_ value: JSONValue, _ name: String) throws -> [(name: String, value: String)] {
        try #require(value[name]?.arrayValue).map { pair in
            let both = try #require(pair.arrayValue).compactMap(\.stringValue)
            return (name: try #require(both.first), value: try #require(both.last))
        }
    }
}
