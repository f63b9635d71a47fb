/// Content types and file names of downloads.
enum MIMEType {
    private static let types: [String: String] = [
        "txt": "text/plain", "log": "text/plain", "yaml": "text/plain", "yml": "text/plain", "md": "text/plain", "mlmodel": "text/plain",
        "html": "text/html", "css": "text/css", "csv": "text/plain", "json": "text/plain", "js": "text/javascript", "ipynb": "text/plain",
        "py": "text/x-python",
        "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "svg": "image/svg+xml", "webp": "image/webp",
        "pdf": "application/pdf", "zip": "application/zip", "gz": "application/gzip", "parquet": "application/vnd.apache.parquet",
    ]

    /// By the extension; unknown ones are plain bytes.
    static func guess(_ name: String) -> String {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let last = (parts.count > 1 ? parts[parts.count - 1] : parts[0]).lowercased()
        return types[last] ?? "application/octet-stream"
    }

    /// `attachment` with the name, and for names beyond ASCII also in the form of RFC 5987.
    static func disposition(_ name: String) -> String {
        let safe = name.utf8.allSatisfy { isToken($0) }
        if safe { return "attachment; filename=\(name)" }
        let plain = String(
            decoding: name.utf8.map {
                $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") ? $0 : UInt8(ascii: "_")
            },
            as: UTF8.self)
        var encoded = ""
        for byte in name.utf8 {
            if isToken(byte) {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(encoded)"
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }
}
