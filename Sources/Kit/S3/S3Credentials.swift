import Errors
internal import Glibc

/// Who signs. Its text forms hide the secret, so that no log can show it.
package struct S3Credentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    package let accessKey: String
    let secretKey: String
    /// Of temporary credentials.
    let sessionToken: String?

    package init(accessKey: String, secretKey: String, sessionToken: String? = nil) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
    }

    package var description: String { "credentials of \(accessKey.prefix(4))…" }
    package var debugDescription: String { description }

    /// From `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, else from the profile `AWS_PROFILE` (`default`) of the
    /// shared file `AWS_SHARED_CREDENTIALS_FILE` (`~/.aws/credentials`). Blocks.
    /// - Throws: `failed_precondition` when neither names them.
    package static func find(_ environment: [String: String]) throws -> S3Credentials {
        if let access = environment["AWS_ACCESS_KEY_ID"], let secret = environment["AWS_SECRET_ACCESS_KEY"], !access.isEmpty {
            return S3Credentials(accessKey: access, secretKey: secret, sessionToken: environment["AWS_SESSION_TOKEN"].flatMap(filled))
        }
        let path = environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "\(environment["HOME"] ?? "")/.aws/credentials"
        let profile = environment["AWS_PROFILE"] ?? "default"
        if let found = read(path).flatMap({ parse($0, profile: profile) }) { return found }
        throw JidokaError.failedPrecondition(
            "there are no credentials for the object store",
            hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write the profile `\(profile)` into ~/.aws/credentials")
    }

    /// The INI text of the shared file.
    static func parse(_ text: String, profile: String) -> S3Credentials? {
        var section = ""
        var values: [String: String] = [:]
        for raw in text.split(whereSeparator: \.isNewline) {
            let line = trimmed(raw)
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                section = trimmed(line.dropFirst().dropLast())
            } else if section == profile, let equals = line.firstIndex(of: "=") {
                values[trimmed(line[..<equals]).lowercased()] = trimmed(line[line.index(after: equals)...])
            }
        }
        guard let access = values["aws_access_key_id"], let secret = values["aws_secret_access_key"] else { return nil }
        return S3Credentials(accessKey: access, secretKey: secret, sessionToken: values["aws_session_token"].flatMap(filled))
    }

    private static func filled(_ text: String) -> String? { text.isEmpty ? nil : text }

    private static func trimmed(_ text: some StringProtocol) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }

    private static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
