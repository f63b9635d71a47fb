/// Writes one message in protobuf's binary form. Fields come in the order in which they are written; proto3's defaults (zero, empty) are
/// left out by the caller, who alone knows which fields have presence.
package struct WireWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

    private mutating func head(_ number: Int, _ type: WireType) { raw(UInt64(number) << 3 | UInt64(type.rawValue)) }

    private mutating func raw(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    package mutating func varint(_ number: Int, _ value: UInt64) {
        head(number, .varint)
        raw(value)
    }

    /// Negative numbers take ten bytes, as the format wants it for `int32` and `int64`.
    package mutating func int(_ number: Int, _ value: Int64) { varint(number, UInt64(bitPattern: value)) }

    package mutating func bool(_ number: Int, _ value: Bool) { varint(number, value ? 1 : 0) }

    package mutating func fixed64(_ number: Int, _ value: UInt64) {
        head(number, .fixed64)
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func fixed32(_ number: Int, _ value: UInt32) {
        head(number, .fixed32)
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func double(_ number: Int, _ value: Double) { fixed64(number, value.bitPattern) }

    package mutating func blob(_ number: Int, _ value: some Collection<UInt8>) {
        head(number, .bytes)
        raw(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    package mutating func float(_ number: Int, _ value: Float) { fixed32(number, value.bitPattern) }

    /// A field of `count` bytes, which `write` appends to the message itself: for bytes that lie in pieces.
    package mutating func blob(_ number: Int, count: Int, _ write: (inout [UInt8]) -> Void) {
        head(number, .bytes)
        raw(UInt64(count))
        bytes.reserveCapacity(bytes.count + count)
        let start = bytes.count
        write(&bytes)
        precondition(bytes.count - start == count, "a field of \(count) bytes was given \(bytes.count - start)")
    }

    /// Whole numbers, packed.
    package mutating func packed(_ number: Int, _ values: some Sequence<Int64>) {
        var inner = WireWriter()
        for value in values { inner.raw(UInt64(bitPattern: value)) }
        if !inner.bytes.isEmpty { blob(number, inner.bytes) }
    }

    package mutating func string(_ number: Int, _ value: String) { blob(number, value.utf8) }

    /// A message inside this one: written apart, because its length stands before it.
    package mutating func message(_ number: Int, _ body: (inout WireWriter) -> Void) {
        var inner = WireWriter()
        body(&inner)
        blob(number, inner.bytes)
    }
}
