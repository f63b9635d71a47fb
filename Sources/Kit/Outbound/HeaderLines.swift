import CCurl
import Errors

/// libcurl's list of header lines.
final class HeaderLines {
    private(set) var list: UnsafeMutablePointer<curl_slist>?

    /// - Throws: `invalid_argument` for a line break in a name or a value, which would begin another header.
    init(_ headers: [(name: String, value: String)]) throws {
        for (name, value) in headers {
            let unsafe = (name + value).utf8.contains { $0 == 13 || $0 == 10 || $0 == 0 }
            guard !unsafe, !name.isEmpty else {
                throw JidokaError.invalidArgument("a header has a line break or no name", hint: "send plain text in headers")
            }
            list = curl_slist_append(list, value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        // Without this libcurl says that every body is a form.
        if !headers.contains(where: { $0.name.lowercased() == "content-type" }) { list = curl_slist_append(list, "Content-Type:") }
    }

    deinit { curl_slist_free_all(list) }
}
