import Errors

/// The forms of a version's `source` that this server follows. Clients never name server paths, and the server fetches nothing from
/// addresses that a client names, so local paths and foreign schemes are refused.
enum SourceURI: Equatable {
    /// `models:/m-…`
    case loggedModel(id: String)
    /// `models:/<name>/<version>`
    case version(name: String, version: Int)
    /// `runs:/<id>/<path>`
    case run(id: String, path: String)
    /// `mlflow-artifacts:/<path>` or `mlflow-artifacts://host/<path>`, as path segments.
    case artifacts([String])
    /// An address outside of this server, for example `s3://bucket/key`: known, never fetched from.
    case remote(scheme: String)

    /// The stores of other clouds and clusters whose addresses MLflow registers.
    private static let remoteSchemes: Set<String> = [
        "s3", "gs", "r2", "b2", "oci", "wasb", "wasbs", "abfs", "abfss", "hdfs", "viewfs", "dbfs", "ftp", "sftp",
    ]

    /// The scheme of an address outside of this server; nil for all others.
    static func remoteScheme(_ uri: String) -> String? {
        guard let colon = uri.firstIndex(of: ":") else { return nil }
        let scheme = uri[..<colon].lowercased()
        return remoteSchemes.contains(scheme) ? scheme : nil
    }

    /// - Throws: `invalid_argument` with a hint of what is followed.
    init(_ source: String) throws {
        try SourceURI.check(source)
        if let rest = SourceURI.rest(source, "models:/") {
            let parts = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            if parts.count == 1, parts[0].hasPrefix("m-"), parts[0].count > 2 {
                self = .loggedModel(id: parts[0])
                return
            }
            if parts.count == 2, !parts[0].isEmpty, let version = Int(parts[1]) {
                self = .version(name: parts[0], version: version)
                return
            }
        } else if let rest = SourceURI.rest(source, "runs:/") {
            let parts = rest.split(separator: "/", maxSplits: 1).map(String.init)
            if parts.count == 2, !rest.hasPrefix("/") {
                self = .run(id: parts[0], path: parts[1])
                return
            }
        } else if source.hasPrefix("mlflow-artifacts:") {
            let segments = SourceURI.segments(ofArtifacts: source)
            if !segments.isEmpty {
                self = .artifacts(segments)
                return
            }
        }
        if let scheme = SourceURI.remoteScheme(source) {
            self = .remote(scheme: scheme)
            return
        }
        throw SourceURI.invalid(source)
    }

    /// The path segments of an artifact URI; the host of the `//host` form does not count.
    static func segments(ofArtifacts uri: String) -> [String] {
        var rest = uri.dropFirst("mlflow-artifacts:".count)
        if rest.hasPrefix("//") { rest = rest.dropFirst(2).drop { $0 != "/" } }
        return rest.split(separator: "/").map(String.init)
    }

    private static func rest(_ source: String, _ prefix: String) -> String? {
        source.hasPrefix(prefix) ? String(source.dropFirst(prefix.count)) : nil
    }

    private static func invalid(_ source: String) -> JidokaError {
        .invalidArgument(
            "Invalid model version source: '\(source)'.",
            hint: "a source is `models:/m-<id>`, `runs:/<run>/<path>` or `mlflow-artifacts:/<path>`; log the model to this server first")
    }

    /// No way up, in any number of percent-encodings.
    private static func check(_ source: String) throws {
        guard source.utf8.count <= 8_192 else { throw invalid(String(source.prefix(64)) + "…") }
        var bytes = Array(source.utf8)
        for _ in 0..<16 {
            let bad = bytes.contains {
                $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "#") || $0 == UInt8(ascii: "?")
            }
            let up = bytes.split(separator: UInt8(ascii: "/")).contains { $0.elementsEqual([UInt8(ascii: "."), UInt8(ascii: ".")]) }
            guard !bad, !up else { throw invalid(source) }
            let next = decoded(bytes)
            if next == bytes { return }
            bytes = next
        }
        throw invalid(source)
    }

    private static func decoded(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "%"), at + 2 < bytes.count,
                let byte = UInt8(String(decoding: bytes[at + 1...at + 2], as: UTF8.self), radix: 16)
            {
                out.append(byte)
                at += 3
            } else {
                out.append(bytes[at])
                at += 1
            }
        }
        return out
    }
}
