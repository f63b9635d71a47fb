package import Clockwork
import Digests

/// A request as it is signed: the path is not encoded yet, names and values of the query neither.
package struct SignedTarget: Sendable {
    package var method: String
    /// With the port, unless it is the scheme's own.
    package var host: String
    /// Begins with `/`.
    package var path: String
    package var query: [(name: String, value: String)]

    package init(_ method: String, host: String, path: String, query: [(name: String, value: String)] = []) {
        self.method = method
        self.host = host
        self.path = path
        self.query = query
    }

    /// The path as it is sent and signed: for S3 encoded once and never normalised.
    var encodedPath: String { SigV4.encoded(path, keep: UInt8(ascii: "/")) }

    /// The query as it is sent and signed: sorted by encoded names, then values.
    var encodedQuery: String {
        let pairs = query.map { (SigV4.encoded($0.name), SigV4.encoded($0.value)) }
        return pairs.sorted { $0.0 == $1.0 ? $0.1 < $1.1 : $0.0 < $1.0 }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    package var pathAndQuery: String { query.isEmpty ? encodedPath : "\(encodedPath)?\(encodedQuery)" }
}

/// AWS Signature Version 4 for S3 ("Authenticating Requests: Using the Authorization Header" and "… Query Parameters", S3 API reference).
/// Checked against botocore in the tests.
package struct SigV4: Sendable {
    package static let unsignedPayload = "UNSIGNED-PAYLOAD"

    let credentials: S3Credentials
    let region: String

    package init(credentials: S3Credentials, region: String) {
        self.credentials = credentials
        self.region = region
    }

    /// The headers to send, `headers` among them, all signed. `payloadHash` is the body's SHA-256 or `unsignedPayload`.
    package func headers(
        _ target: SignedTarget, _ headers: [(name: String, value: String)] = [], payloadHash: String, at time: Timestamp
    ) -> [(name: String, value: String)] {
        var all = headers
        all.append((name: "x-amz-content-sha256", value: payloadHash))
        all.append((name: "x-amz-date", value: SigV4.stamp(time)))
        if let token = credentials.sessionToken { all.append((name: "x-amz-security-token", value: token)) }
        let (signed, signature) = sign(target, all + [(name: "host", value: target.host)], payloadHash, time)
        all.append(
            (
                name: "authorization",
                value: "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope(time)), SignedHeaders=\(signed), "
                    + "Signature=\(signature)"
            ))
        return all
    }

    /// The path and query of an address that whoever holds it may use for `seconds` (at most 604,800).
    package func presigned(_ target: SignedTarget, seconds: Int, at time: Timestamp) -> String {
        var target = target
        target.query += [
            (name: "X-Amz-Algorithm", value: "AWS4-HMAC-SHA256"),
            (name: "X-Amz-Credential", value: "\(credentials.accessKey)/\(scope(time))"),
            (name: "X-Amz-Date", value: SigV4.stamp(time)), (name: "X-Amz-Expires", value: String(seconds)),
            (name: "X-Amz-SignedHeaders", value: "host"),
        ]
        if let token = credentials.sessionToken { target.query.append((name: "X-Amz-Security-Token", value: token)) }
        let (_, signature) = sign(target, [(name: "host", value: target.host)], SigV4.unsignedPayload, time)
        return "\(target.pathAndQuery)&X-Amz-Signature=\(signature)"
    }

    private func sign(
        _ target: SignedTarget, _ headers: [(name: String, value: String)], _ payloadHash: String, _ time: Timestamp
    ) -> (signedHeaders: String, signature: String) {
        let lines = headers.map { (name: $0.name.lowercased(), value: SigV4.folded($0.value)) }.sorted { $0.name < $1.name }
        let names = lines.map(\.name).joined(separator: ";")
        let canonical = [
            target.method, target.encodedPath, target.encodedQuery, lines.map { "\($0.name):\($0.value)\n" }.joined(), names, payloadHash,
        ].joined(separator: "\n")
        let text = ["AWS4-HMAC-SHA256", SigV4.stamp(time), scope(time), SHA256.hex(canonical.utf8)].joined(separator: "\n")
        var key = Array("AWS4\(credentials.secretKey)".utf8)
        for part in [String(SigV4.stamp(time).prefix(8)), region, "s3", "aws4_request", text] {
            key = hmacSHA256(key: key, message: Array(part.utf8))
        }
        return (names, hexadecimal(key))
    }

    private func scope(_ time: Timestamp) -> String { "\(SigV4.stamp(time).prefix(8))/\(region)/s3/aws4_request" }

    /// `20261121T004834Z`.
    static func stamp(_ time: Timestamp) -> String {
        String(time.rfc3339.prefix(19).filter { $0 != "-" && $0 != ":" }) + "Z"
    }

    /// Without outer blanks, inner ones folded to one.
    private static func folded(_ value: String) -> String { value.split(separator: " ").joined(separator: " ") }

    /// All bytes but the unreserved ones of RFC 3986 (and `keep`) as `%XX`.
    package static func encoded(_ text: String, keep: UInt8? = nil) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                out.append(byte)
            case keep: out.append(byte)
            default: out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
