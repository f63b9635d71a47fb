import Errors

/// Writes little-endian values and length-prefixed texts.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func raw(_ more: [UInt8]) { bytes.append(contentsOf: more) }
    mutating func byte(_ value: UInt8) { bytes.append(value) }
    mutating func uint32(_ value: UInt32) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
    mutating func int64(_ value: Int64) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
    mutating func double(_ value: Double) { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }

    mutating func text(_ value: String) {
        var value = value
        value.withUTF8 { utf8 in
            uint32(UInt32(utf8.count))
            bytes.append(contentsOf: utf8)
        }
    }
}

/// Reads what `ByteWriter` wrote; reading past the end throws.
struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    private var at: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        at = bytes.startIndex
    }

    var isAtEnd: Bool { at == bytes.endIndex }

    private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.endIndex - at else { throw JidokaError.internal("a frame ends too early") }
        defer { at += count }
        return bytes[at..<at + count]
    }

    private mutating func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
        let raw = try take(MemoryLayout<T>.size)
        return T(littleEndian: raw.withUnsafeBytes { $0.loadUnaligned(as: T.self) })
    }

    mutating func byte() throws -> UInt8 { try integer(UInt8.self) }
    mutating func uint32() throws -> UInt32 { try integer(UInt32.self) }
    mutating func int64() throws -> Int64 { try integer(Int64.self) }
    mutating func double() throws -> Double { Double(bitPattern: try integer(UInt64.self)) }
    mutating func text() throws -> String { String(decoding: try take(Int(try uint32())), as: UTF8.self) }
}
