/// Bytes as text (RFC 4648): JSON has no other way for them.
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// With padding.
    package static func encode(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { out in
            var written = 0
            var at = 0
            while at < bytes.count {
                let count = min(3, bytes.count - at)
                var word = UInt32(bytes[at]) << 16
                if count > 1 { word |= UInt32(bytes[at + 1]) << 8 }
                if count > 2 { word |= UInt32(bytes[at + 2]) }
                for position in 0..<4 {
                    out[written] = position <= count ? alphabet[Int(word >> UInt32(18 - 6 * position)) & 63] : UInt8(ascii: "=")
                    written += 1
                }
                at += 3
            }
            return written
        }
    }

    /// Both alphabets of RFC 4648, padded to a multiple of four, or perhaps not; nil when it is not base64.
    package static func decode(_ text: String, isPadded: Bool = true) -> [UInt8]? {
        let symbols = text.utf8.prefix { $0 != UInt8(ascii: "=") }
        let padding = text.utf8.dropFirst(symbols.count)
        guard symbols.count % 4 != 1, padding.count <= 2, padding.allSatisfy({ $0 == UInt8(ascii: "=") }),
            text.utf8.count % 4 == 0 || !isPadded && padding.isEmpty
        else { return nil }
        var out: [UInt8] = []
        out.reserveCapacity(symbols.count / 4 * 3 + 2)
        var word: UInt32 = 0
        var bits = 0
        for symbol in symbols {
            guard let value = value(of: symbol) else { return nil }
            word = word << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            }
        }
        return out
    }

    private static func value(of symbol: UInt8) -> UInt8? {
        switch symbol {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): symbol - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): symbol - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): symbol + 4
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
