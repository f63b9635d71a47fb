/// Writes JSON as bytes (RFC 8259), without whitespace. The caller opens and closes what it writes; commas are put by the writer.
///
/// NaN and the infinities have no JSON form: they are written as the strings `"NaN"`, `"Infinity"`, `"-Infinity"`.
package struct JSONWriter: Sendable {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

    package var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func separate() {
        if needsComma { bytes.append(0x2C) }
        needsComma = true
    }

    package mutating func beginObject() { open(0x7B) }
    package mutating func endObject() { close(0x7D) }
    package mutating func beginArray() { open(0x5B) }
    package mutating func endArray() { close(0x5D) }

    private mutating func open(_ byte: UInt8) {
        separate()
        bytes.append(byte)
        needsComma = false
    }

    private mutating func close(_ byte: UInt8) {
        bytes.append(byte)
        needsComma = true
    }

    package mutating func key(_ name: String) {
        separate()
        quote(name)
        bytes.append(0x3A)
        needsComma = false
    }

    package mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
    }

    package mutating func value(_ value: Bool) {
        separate()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    package mutating func value(_ value: Int64) {
        separate()
        append(value)
    }

    package mutating func value(_ value: Int) { self.value(Int64(value)) }

    /// The shortest text that reads back as the same double; whole numbers keep `.0`.
    package mutating func value(_ value: Double) {
        separate()
        append(value)
    }

    package mutating func value(_ value: String) {
        separate()
        quote(value)
    }

    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let flag): self.value(flag)
        case .int(let number): self.value(number)
        case .double(let number): self.value(number)
        case .string(let text): self.value(text)
        case .array(let items):
            beginArray()
            for item in items { self.value(item) }
            endArray()
        case .object(let object):
            beginObject()
            for (name, item) in object {
                key(name)
                self.value(item)
            }
            endObject()
        }
    }

    /// Bytes that are a complete JSON value already.
    package mutating func raw(_ json: some Sequence<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
    }

    private mutating func quote(_ text: String) {
        var text = text
        bytes.append(0x22)
        text.withUTF8 { utf8 in
            var clean = 0  // everything before is written
            for (at, byte) in utf8.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
                bytes.append(contentsOf: utf8[clean..<at])
                escape(byte)
                clean = at + 1
            }
            bytes.append(contentsOf: utf8[clean...])
        }
        bytes.append(0x22)
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(0x5C)
        switch byte {
        case 0x0A: bytes.append(0x6E)
        case 0x0D: bytes.append(0x72)
        case 0x09: bytes.append(0x74)
        case 0..<0x20:
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(byte < 16 ? 0x30 : 0x31)
            let low = byte & 15
            bytes.append(low < 10 ? 0x30 + low : 0x57 + low)
        default: bytes.append(byte)
        }
    }

    /// Writes into the buffer itself, at most `most` bytes; `fill` gives the number of bytes.
    mutating func append(upTo most: Int, _ fill: (UnsafeMutablePointer<CChar>) -> Int) {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: most) { room in
            let count = fill(room.baseAddress!)
            bytes.append(contentsOf: UnsafeRawBufferPointer(start: room.baseAddress, count: count))
        }
    }

    mutating func reserve(_ more: Int) {
        if bytes.count + more > bytes.capacity { bytes.reserveCapacity(max(bytes.capacity * 2, bytes.count + more)) }
    }
}

extension JSONValue {
    package var serialized: [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }
    package var text: String { String(decoding: serialized, as: UTF8.self) }
}
