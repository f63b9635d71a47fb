import Errors

/// Reads the fields of one message in the order in which they lie. Values are read right after their head; what is not wanted is skipped.
///
/// It never reads outside its bytes, never recurses deeper than the limit, and copies only what it is asked for. The
/// buffer must outlive it.
package struct WireReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var at: Int
    private let end: Int
    private let depth: Int
    private let budget: Budget

    /// Counts fields over all readers of one body.
    private final class Budget {
        var fieldsLeft: Int
        init(_ fields: Int) { fieldsLeft = fields }
    }

    /// Runs `body` on a reader over `bytes`.
    package static func read<Result>(
        _ bytes: [UInt8], limits: WireLimits = WireLimits(), _ body: (inout WireReader) throws -> Result
    ) throws -> Result {
        try bytes.withUnsafeBufferPointer { try read($0, limits: limits, body) }
    }

    /// Runs `body` on a reader over bytes that outlive it.
    package static func read<Result>(
        _ bytes: UnsafeBufferPointer<UInt8>, limits: WireLimits = WireLimits(), _ body: (inout WireReader) throws -> Result
    ) throws -> Result {
        var reader = WireReader(bytes: bytes, at: 0, end: bytes.count, depth: limits.depth, budget: Budget(limits.fields))
        return try body(&reader)
    }

    private init(bytes: UnsafeBufferPointer<UInt8>, at: Int, end: Int, depth: Int, budget: Budget) {
        self.bytes = bytes
        self.at = at
        self.end = end
        self.depth = depth
        self.budget = budget
    }

    /// The next field's head; nil at the end of the message.
    /// - Throws: `invalid_argument` for a field number of zero, a wire type that is not known, and too many fields.
    package mutating func next() throws -> WireField? {
        guard at < end else { return nil }
        guard budget.fieldsLeft > 0 else { throw WireError.tooMuch("too many fields") }
        budget.fieldsLeft -= 1
        let start = at
        let key = try varint()
        guard key <= UInt64(UInt32.max), key >> 3 > 0 else { throw WireError.malformed("a field number is out of range", at: start) }
        guard let type = WireType(rawValue: UInt8(key & 7)) else {
            throw WireError.malformed("wire type \(key & 7) is not known", at: start)
        }
        return WireField(Int(key >> 3), type)
    }

    /// 1 to 10 bytes, seven bits each, the lowest first.
    package mutating func varint() throws -> UInt64 {
        let start = at
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while at < end {
            let byte = bytes[at]
            at += 1
            if shift == 63, byte > 1 { throw WireError.malformed("a varint has more than 64 bits", at: start) }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
            if shift > 63 { break }
        }
        throw WireError.malformed(at < end ? "a varint is longer than 10 bytes" : "the bytes end in a varint", at: start)
    }

    package mutating func fixed64() throws -> UInt64 {
        try require(8)
        defer { at += 8 }
        return UInt64(littleEndian: UnsafeRawPointer(bytes.baseAddress! + at).loadUnaligned(as: UInt64.self))
    }

    package mutating func fixed32() throws -> UInt32 {
        try require(4)
        defer { at += 4 }
        return UInt32(littleEndian: UnsafeRawPointer(bytes.baseAddress! + at).loadUnaligned(as: UInt32.self))
    }

    package mutating func float() throws -> Float { Float(bitPattern: try fixed32()) }

    package mutating func double() throws -> Double { Double(bitPattern: try fixed64()) }

    /// Bytes where they lie; valid as long as the body's buffer.
    package mutating func slice() throws -> UnsafeBufferPointer<UInt8> {
        let range = try delimited()
        return UnsafeBufferPointer(rebasing: bytes[range])
    }

    package mutating func blob() throws -> [UInt8] { Array(try slice()) }

    /// - Throws: `invalid_argument` when it is not UTF-8: proto3 strings are.
    package mutating func string() throws -> String {
        let start = at
        let utf8 = try slice()
        guard let text = String(validating: utf8, as: UTF8.self) else {
            throw WireError.malformed("a string is not valid UTF-8", at: start)
        }
        return text
    }

    /// A message inside this one.
    package mutating func message<Result>(_ body: (inout WireReader) throws -> Result) throws -> Result {
        guard depth > 0 else { throw WireError.tooMuch("messages nested too deep") }
        let range = try delimited()
        var inner = WireReader(bytes: bytes, at: range.lowerBound, end: range.upperBound, depth: depth - 1, budget: budget)
        return try body(&inner)
    }

    /// The elements of a repeated field of numbers: one where it stands alone, all that are packed in one value
    /// (protobuf.dev/programming-guides/encoding, "Packed repeated fields"; readers take both).
    package mutating func repeated<Element>(
        _ field: WireField, into all: inout [Element], _ read: (inout WireReader) throws -> Element
    ) throws {
        guard field.type == .bytes else { return all.append(try read(&self)) }
        let range = try delimited()
        var inner = WireReader(bytes: bytes, at: range.lowerBound, end: range.upperBound, depth: depth, budget: budget)
        while inner.at < inner.end { all.append(try read(&inner)) }
    }

    /// The elements of a repeated field of fixed width: packed ones are copied in one go.
    package mutating func repeated<Element: BitwiseCopyable>(
        _ field: WireField, fixed all: inout [Element], _ read: (inout WireReader) throws -> Element
    ) throws {
        guard field.type == .bytes else { return all.append(try read(&self)) }
        let start = at
        let packed = UnsafeRawBufferPointer(try slice())
        let width = MemoryLayout<Element>.size
        guard packed.count % width == 0 else { throw WireError.malformed("packed values do not fill their bytes", at: start) }
        let more = [Element](unsafeUninitializedCapacity: packed.count / width) { out, count in
            UnsafeMutableRawBufferPointer(out).copyMemory(from: packed)
            count = packed.count / width
        }
        if all.isEmpty { all = more } else { all += more }
    }

    /// Passes over the value of a field that is not known.
    package mutating func skip(_ field: WireField) throws {
        switch field.type {
        case .varint: _ = try varint()
        case .fixed64: _ = try fixed64()
        case .fixed32: _ = try fixed32()
        case .bytes: _ = try delimited()
        }
    }

    private mutating func delimited() throws -> Range<Int> {
        let start = at
        let length = try varint()
        guard length <= UInt64(end - at) else { throw WireError.malformed("a length points behind the end of its message", at: start) }
        defer { at += Int(length) }
        return at..<at + Int(length)
    }

    private func require(_ count: Int) throws {
        guard end - at >= count else { throw WireError.malformed("the bytes end in a value of \(count) bytes", at: at) }
    }
}
