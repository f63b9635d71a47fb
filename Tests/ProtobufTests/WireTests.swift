import Clockwork
import Errors
import Protobuf
import Testing

@Suite struct WireTests {
    /// The examples of the format's own description (protobuf.dev/programming-guides/encoding).
    @Test func `the documented examples are read`() throws {
        let number = try WireReader.read([0x08, 0x96, 0x01]) { reader in
            #expect(try reader.next() == WireField(1, .varint))
            return try reader.varint()
        }
        #expect(number == 150)
        let text = try WireReader.read([0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6E, 0x67]) { reader in
            #expect(try reader.next() == WireField(2, .bytes))
            return try reader.string()
        }
        #expect(text == "testing")
        let nested = try WireReader.read([0x1A, 0x03, 0x08, 0x96, 0x01]) { reader in
            #expect(try reader.next() == WireField(3, .bytes))
            return try reader.message { inner in
                #expect(try inner.next() == WireField(1, .varint))
                return try inner.varint()
            }
        }
        #expect(nested == 150)
    }

    @Test func `what is written is read back`() throws {
        var writer = WireWriter()
        writer.int(1, -2)
        writer.bool(2, true)
        writer.fixed64(3, .max)
        writer.fixed32(4, 7)
        writer.double(5, 0.1)
        writer.string(6, "größe")
        writer.blob(7, [0, 255])
        writer.message(8) { $0.varint(1, .max) }
        try WireReader.read(writer.bytes) { reader in
            #expect(try reader.next() == WireField(1, .varint))
            #expect(try Int64(bitPattern: reader.varint()) == -2)
            #expect(try reader.next() == WireField(2, .varint))
            #expect(try reader.varint() == 1)
            #expect(try reader.next() == WireField(3, .fixed64))
            #expect(try reader.fixed64() == .max)
            #expect(try reader.next() == WireField(4, .fixed32))
            #expect(try reader.fixed32() == 7)
            #expect(try reader.next() == WireField(5, .fixed64))
            #expect(try reader.double() == 0.1)
            #expect(try reader.next() == WireField(6, .bytes))
            #expect(try reader.string() == "größe")
            #expect(try reader.next() == WireField(7, .bytes))
            #expect(try reader.blob() == [0, 255])
            #expect(try reader.next() == WireField(8, .bytes))
            let nested = try reader.message { inner in
                _ = try inner.next()
                return try inner.varint()
            }
            #expect(nested == .max)
            #expect(try reader.next() == nil)
        }
    }

    private static let broken: [[UInt8]] = [
        [0x00], [0x07], [0x0B], [0x08], [0x08, 0x80], [0x12, 0x05, 0x01], [0x0D, 1, 2], [0x09, 1, 2, 3], [0x12, 0x01, 0xFF],
        [0x08] + [UInt8](repeating: 0xFF, count: 10), [0x08] + [UInt8](repeating: 0x80, count: 11),
        [0x12] + [UInt8](repeating: 0xFF, count: 9) + [0x01], [0xF8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
    ]

    @Test(arguments: broken) func `broken bytes are refused`(bytes: [UInt8]) throws {
        #expect(throws: JidokaError.self) { try Walk.all(bytes) }
    }

    @Test func `nesting has a limit`() throws {
        var bytes: [UInt8] = []
        for _ in 0..<40 {
            var writer = WireWriter()
            writer.blob(1, bytes)
            bytes = writer.bytes
        }
        #expect(throws: JidokaError.self) { try Walk.nested(bytes, limits: WireLimits(depth: 32)) }
        try Walk.nested(bytes, limits: WireLimits(depth: 64))
    }

    @Test func `the number of fields has a limit`() throws {
        var bytes: [UInt8] = []
        for _ in 0..<100 { bytes += [0x08, 0x01] }
        #expect(throws: JidokaError.self) { try WireReader.read(bytes, limits: WireLimits(fields: 99)) { try Walk.skipAll(&$0) } }
        try WireReader.read(bytes, limits: WireLimits(fields: 100)) { try Walk.skipAll(&$0) }
    }

    /// Seeded, so that a failure can be run again: random bytes, and valid messages with bytes changed, cut or doubled.
    @Test(arguments: UInt64(1)...4) func `any bytes are either read or refused`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var read = 0
        for round in 0..<20_000 {
            var bytes: [UInt8] = []
            if round % 2 == 0 {
                for _ in 0..<random.next() % 64 { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
            } else {
                var writer = WireWriter()
                writer.message(1) { inner in
                    inner.varint(2, random.next())
                    inner.string(3, "text")
                    inner.message(4) { $0.fixed64(1, random.next()) }
                }
                bytes = writer.bytes
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            do {
                try Walk.nested(bytes, limits: WireLimits(depth: 8, fields: 1_000))
                read += 1
            } catch let error as JidokaError {
                #expect(error.code == .invalidArgument)
            }
        }
        #expect(read > 1_000)
    }
}

/// Readers that look at everything.
private enum Walk {
    static func all(_ bytes: [UInt8]) throws {
        try WireReader.read(bytes) { reader in
            while let field = try reader.next() { if field.type == .bytes { _ = try reader.string() } else { try reader.skip(field) } }
        }
    }

    static func skipAll(_ reader: inout WireReader) throws { while let field = try reader.next() { try reader.skip(field) } }

    /// Takes every field of bytes for a message when it can be one.
    static func nested(_ bytes: [UInt8], limits: WireLimits) throws {
        try WireReader.read(bytes, limits: limits) { try descend(&$0) }
    }

    private static func descend(_ reader: inout WireReader) throws {
        while let field = try reader.next() {
            if field.type == .bytes, field.number % 2 == 1 || field.number == 4 {
                try reader.message { inner in if field.number == 3 { try skipText(&inner) } else { try descend(&inner) } }
            } else {
                try reader.skip(field)
            }
        }
    }

    private static func skipText(_ reader: inout WireReader) throws {}
}
