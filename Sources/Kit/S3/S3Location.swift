import Errors

/// Where a bucket is: its endpoint, and how it is named there.
package struct S3Location: Sendable, Hashable {
    package let bucket: String
    /// Without slashes at its ends; empty for the whole bucket.
    package let prefix: String
    package let region: String
    /// `http` or `https`.
    let scheme: String
    let host: String
    /// Of the bucket at that host: `/bucket` with an endpoint of one's own, nothing where the bucket is part of the host's name.
    let root: String

    /// `s3://bucket/prefix`, with `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL` or `MLFLOW_S3_ENDPOINT_URL`, and `AWS_REGION` or
    /// `AWS_DEFAULT_REGION`. - Throws: `invalid_argument`.
    package init(url: String, environment: [String: String]) throws {
        guard url.hasPrefix("s3://") else { throw S3Location.invalid(url) }
        let parts = url.dropFirst(5).split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        guard let bucket = parts.first, (3...63).contains(bucket.utf8.count),
            bucket.utf8.allSatisfy({ $0 >= 0x61 && $0 <= 0x7A || $0 >= 0x30 && $0 <= 0x39 || $0 == 0x2D || $0 == 0x2E })
        else { throw S3Location.invalid(url) }
        let prefix = parts.dropFirst()
        guard !prefix.contains("."), !prefix.contains(".."), url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x3F && $0 != 0x23 })
        else { throw S3Location.invalid(url) }
        self.bucket = bucket
        self.prefix = prefix.joined(separator: "/")
        let region = [environment["AWS_REGION"], environment["AWS_DEFAULT_REGION"]].compactMap(\.self).first { !$0.isEmpty }
        self.region = region ?? "us-east-1"
        let endpoints = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "MLFLOW_S3_ENDPOINT_URL"].compactMap { environment[$0] }
        if let endpoint = endpoints.first(where: { !$0.isEmpty }) {
            guard let scheme = ["http", "https"].first(where: { endpoint.hasPrefix("\($0)://") }) else {
                throw JidokaError.invalidArgument(
                    "the endpoint of the object store is no http or https address",
                    hint: "check AWS_ENDPOINT_URL and MLFLOW_S3_ENDPOINT_URL")
            }
            let rest = endpoint.dropFirst(scheme.count + 3).split(separator: "/", omittingEmptySubsequences: true)
            guard rest.count == 1, !rest[0].contains("@") else {
                throw JidokaError.invalidArgument("the endpoint of the object store must be a host and a port, nothing else")
            }
            self.scheme = scheme
            host = S3Location.withoutOwnPort(String(rest[0]), scheme)
            root = "/\(bucket)"
        } else {
            scheme = "https"
            // A dot in the name would not fit the certificate of the virtual host.
            let named = !bucket.contains(".")
            host = named ? "\(bucket).s3.\(self.region).amazonaws.com" : "s3.\(self.region).amazonaws.com"
            root = named ? "" : "/\(bucket)"
        }
    }

    /// The text form that is shown: without anything secret.
    package var description: String { "s3://\(bucket)\(prefix.isEmpty ? "" : "/\(prefix)")" }

    func key(_ name: String) -> String { prefix.isEmpty ? name : "\(prefix)/\(name)" }

    func target(_ method: String, key: String?, query: [(name: String, value: String)] = []) -> SignedTarget {
        let path = key.map { "\(root)/\($0)" } ?? (root.isEmpty ? "/" : root)
        return SignedTarget(method, host: host, path: path, query: query)
    }

    func url(_ pathAndQuery: String) -> String { "\(scheme)://\(host)\(pathAndQuery)" }

    /// Clients leave the scheme's own port out of the host that they send, which is signed.
    private static func withoutOwnPort(_ host: String, _ scheme: String) -> String {
        let own = scheme == "http" ? ":80" : ":443"
        return host.hasSuffix(own) ? String(host.dropLast(own.count)) : host
    }

    private static func invalid(_ url: String) -> JidokaError {
        .invalidArgument("`\(url.prefix(200))` is no address of a bucket", hint: "write it like s3://bucket/prefix")
    }
}
