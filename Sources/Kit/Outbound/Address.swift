import CCurl
import Errors

/// The parts of a URL that messages and decisions need; queries and passwords stay out of both.
struct Address {
    let host: String
    let port: String

    /// - Throws: `invalid_argument` when it is no `http` or `https` URL.
    init(_ url: String) throws {
        let parsed = curl_url()
        defer { curl_url_cleanup(parsed) }
        guard !url.utf8.contains(0), curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK,
            let scheme = Address.part(parsed, CURLUPART_SCHEME), let host = Address.part(parsed, CURLUPART_HOST), !host.isEmpty
        else { throw JidokaError.invalidArgument("the address to call is no URL", hint: "write it like `http://host:port/path`") }
        guard scheme == "http" || scheme == "https" else {
            throw JidokaError.invalidArgument("addresses of scheme `\(scheme)` are not called", hint: "use `http` or `https`")
        }
        self.host = host
        port = Address.part(parsed, CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)) ?? ""
    }

    var text: String { "\(host):\(port)" }

    var isLoopback: Bool { host == "localhost" || host.hasPrefix("127.") || host == "[::1]" }

    private static func part(_ url: OpaquePointer?, _ part: CURLUPart, _ flags: UInt32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(url, part, &text, flags) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}
