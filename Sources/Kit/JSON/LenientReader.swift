import Errors

/// A recursive-descent reader over a buffer that outlives it.
struct LenientReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let maximumDepth: Int
    private var at = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    mutating func document() throws -> JSONValue {
        let value = try self.value(depth: 0)
        skipSpace()
        guard at == bytes.count else { throw failure("unexpected text after the value") }
        return value
    }

    private func failure(_ what: String) -> JidokaError {
        .invalidArgument("malformed JSON at byte \(at): \(what)", hint: "send one valid JSON value")
    }

    private mutating func skipSpace() {
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 0x09 { at += 1 }
    }

    private mutating func value(depth: Int) throws -> JSONValue {
        guard depth <= maximumDepth else { throw failure("nested deeper than \(maximumDepth)") }
        skipSpace()
        guard at < bytes.count else { throw failure("the text ends where a value should be") }
        switch bytes[at] {
        case 0x7B: return try object(depth: depth)
        case 0x5B: return try array(depth: depth)
        case 0x22: return .string(try string())
        case 0x74: return try word("true", .bool(true))
        case 0x66: return try word("false", .bool(false))
        case 0x6E: return try word("null", .null)
        case 0x4E: return try word("NaN", .double(.nan))
        case 0x49: return try word("Infinity", .double(.infinity))
        default: return try number()
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws -> JSONValue {
        let count = text.utf8CodeUnitCount
        guard at + count <= bytes.count, (0..<count).allSatisfy({ bytes[at + $0] == text.utf8Start[$0] }) else {
            throw failure("unknown word")
        }
        at += count
        return value
    }

    private mutating func object(depth: Int) throws -> JSONValue {
        at += 1
        var object = JSONObject()
        skipSpace()
        if at < bytes.count, bytes[at] == 0x7D {
            at += 1
            return .object(object)
        }
        while true {
            skipSpace()
            guard at < bytes.count, bytes[at] == 0x22 else { throw failure("an object's member must begin with a string") }
            let key = try string()
            skipSpace()
            guard at < bytes.count, bytes[at] == 0x3A else { throw failure("`:` expected") }
            at += 1
            object.members.append((key: key, value: try value(depth: depth + 1)))
            skipSpace()
            guard at < bytes.count else { throw failure("an object is not closed") }
            at += 1
            if bytes[at - 1] == 0x7D { return .object(object) }
            guard bytes[at - 1] == 0x2C else { throw failure("`,` or `}` expected") }
        }
    }

    private mutating func array(depth: Int) throws -> JSONValue {
        at += 1
        var items: [JSONValue] = []
        skipSpace()
        if at < bytes.count, bytes[at] == 0x5D {
            at += 1
            return .array(items)
        }
        while true {
            items.append(try value(depth: depth + 1))
            skipSpace()
            guard at < bytes.count else { throw failure("an array is not closed") }
            at += 1
            if bytes[at - 1] == 0x5D { return .array(items) }
            guard bytes[at - 1] == 0x2C else { throw failure("`,` or `]` expected") }
        }
    }

    private mutating func number() throws -> JSONValue {
        let start = at
        if bytes[at] == 0x2D {
            at += 1
            if at < bytes.count, bytes[at] == 0x49 {
                _ = try word("Infinity", .null)
                return .double(-.infinity)
            }
        }
        let firstDigit = at
        while at < bytes.count, isDigit(bytes[at]) { at += 1 }
        guard at > firstDigit, at == firstDigit + 1 || bytes[firstDigit] != 0x30 else { throw failure("a value expected") }
        var whole = true
        if at < bytes.count, bytes[at] == 0x2E {
            whole = false
            at += 1
            let fraction = at
            while at < bytes.count, isDigit(bytes[at]) { at += 1 }
            guard at > fraction else { throw failure("digits expected after `.`") }
        }
        if at < bytes.count, bytes[at] | 0x20 == 0x65 {
            whole = false
            at += 1
            if at < bytes.count, bytes[at] == 0x2B || bytes[at] == 0x2D { at += 1 }
            let exponent = at
            while at < bytes.count, isDigit(bytes[at]) { at += 1 }
            guard at > exponent else { throw failure("digits expected in the exponent") }
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if whole, let integer = Int64(text) { return .int(integer) }
        guard let double = Double(text) else { throw failure("not a number") }
        return .double(double)
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    private mutating func string() throws -> String {
        at += 1
        let start = at
        while at < bytes.count, bytes[at] != 0x22, bytes[at] != 0x5C, bytes[at] >= 0x20 { at += 1 }
        if at < bytes.count, bytes[at] == 0x22 {
            defer { at += 1 }
            return try text(Array(bytes[start..<at]))
        }
        var out = Array(bytes[start..<at])
        while true {
            guard at < bytes.count else { throw failure("a string is not closed") }
            let byte = bytes[at]
            at += 1
            switch byte {
            case 0x22: return try text(out)
            case 0x5C: try escape(into: &out)
            case 0..<0x20: throw failure("a control character in a string must be escaped")
            default: out.append(byte)
            }
        }
    }

    private func text(_ utf8: [UInt8]) throws -> String {
        guard let text = String(validating: utf8, as: UTF8.self) else { throw failure("a string is not valid UTF-8") }
        return text
    }

    private mutating func escape(into out: inout [UInt8]) throws {
        guard at < bytes.count else { throw failure("a string is not closed") }
        let byte = bytes[at]
        at += 1
        switch byte {
        case 0x22, 0x5C, 0x2F: out.append(byte)
        case 0x62: out.append(0x08)
        case 0x66: out.append(0x0C)
        case 0x6E: out.append(0x0A)
        case 0x72: out.append(0x0D)
        case 0x74: out.append(0x09)
        case 0x75:
            var unit = try hexUnit()
            if unit >= 0xD800, unit < 0xDC00, at + 1 < bytes.count, bytes[at] == 0x5C, bytes[at + 1] == 0x75 {
                at += 2
                let low = try hexUnit()
                guard low >= 0xDC00, low < 0xE000 else { throw failure("a surrogate pair is broken") }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(unit) else { throw failure("a surrogate stands alone") }
            out.append(contentsOf: String(Character(scalar)).utf8)
        default: throw failure("unknown escape")
        }
    }

    private mutating func hexUnit() throws -> UInt32 {
        guard at + 4 <= bytes.count else { throw failure("four hexadecimal digits expected") }
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[at])).hexDigitValue else { throw failure("four hexadecimal digits expected") }
            unit = unit << 4 | UInt32(digit)
            at += 1
        }
        return unit
    }
}
