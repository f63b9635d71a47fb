import Errors

/// What stands between the method and the version on a request line, taken apart (RFC 9112 section 3.2, RFC 3986).
struct RequestTarget {
    var rawPath: String
    var path: String
    var query: [(name: String, value: String)]

    /// - Throws: `invalid_argument` for a broken percent escape, text that is not UTF-8, a NUL, or a target that is no path.
    init(_ bytes: UnsafeBufferPointer<UInt8>) throws {
        let target = RequestTarget.withoutAuthority(bytes)
        guard target.first == 0x2F else {
            throw JidokaError.invalidArgument("the request's target must begin with `/`", hint: "ask for a path of this server")
        }
        let mark = target.firstIndex(of: 0x3F) ?? target.endIndex
        let raw = target[target.startIndex..<mark]
        rawPath = String(decoding: raw, as: UTF8.self)
        path = raw.contains(0x25) || !raw.allSatisfy({ $0 < 0x80 && $0 != 0 }) ? try RequestTarget.decode(raw, plusIsSpace: false) : rawPath
        query = mark == target.endIndex ? [] : try RequestTarget.query(target[(mark + 1)...])
    }

    /// `http://host/path` is allowed by the standard; only the path matters here.
    private static func withoutAuthority(_ bytes: UnsafeBufferPointer<UInt8>) -> Slice<UnsafeBufferPointer<UInt8>> {
        let all = bytes[...]
        guard let first = all.first, first != 0x2F, let colon = all.firstIndex(of: 0x3A), all.count > colon + 3, all[colon + 1] == 0x2F,
            all[colon + 2] == 0x2F
        else { return all }
        let authority = all[(colon + 3)...]
        return authority[(authority.firstIndex(of: 0x2F) ?? authority.endIndex)...]
    }

    private static func query(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) throws -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        for piece in bytes.split(separator: 0x26) {
            let equals = piece.firstIndex(of: 0x3D)
            let name = try decode(piece[piece.startIndex..<(equals ?? piece.endIndex)], plusIsSpace: true)
            let value = try equals.map { try decode(piece[($0 + 1)...], plusIsSpace: true) } ?? ""
            pairs.append((name: name, value: value))
        }
        return pairs
    }

    /// Percent escapes undone; in a query `+` is a space (HTML form encoding).
    static func decode(_ bytes: some Collection<UInt8>, plusIsSpace: Bool) throws -> String {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case 0x25:
                guard let high = iterator.next().flatMap(nibble), let low = iterator.next().flatMap(nibble) else {
                    throw JidokaError.invalidArgument("the address has a broken percent escape", hint: "write `%` itself as `%25`")
                }
                out.append(high << 4 | low)
            case 0x2B where plusIsSpace: out.append(0x20)
            default: out.append(byte)
            }
        }
        guard let text = String(validating: out, as: UTF8.self), !out.contains(0) else {
            throw JidokaError.invalidArgument("the address is not UTF-8 text", hint: "percent-encode UTF-8")
        }
        return text
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
