import Clockwork

/// A prediction id in 16 bytes. Ids of ours (32 hexadecimal digits, with `-<row>` behind when a request has several rows) are taken as the
/// 128-bit numbers that they are; any other text by two 64-bit hashes. That two ids of one log share a key is as likely as that they are
/// equal.
struct IDKey: Hashable {
    let high: UInt64
    let low: UInt64

    init(_ id: String) {
        var id = id
        (high, low) = id.withUTF8 { IDKey.ownForm($0) ?? IDKey.hashed($0) }
    }

    private static func ownForm(_ utf8: UnsafeBufferPointer<UInt8>) -> (UInt64, UInt64)? {
        guard utf8.count >= 32, let high = hexadecimal(utf8, 0), let low = hexadecimal(utf8, 16) else { return nil }
        if utf8.count == 32 { return (high, low) }
        guard utf8.count <= 42, utf8.count >= 34, utf8[32] == 0x2D, utf8.count == 34 || utf8[33] != 0x30 else { return nil }
        var row: UInt64 = 0
        for byte in utf8[33...] {
            guard (48...57).contains(byte) else { return nil }
            row = row * 10 + UInt64(byte - 48)
        }
        return (high, low ^ SplitMix64.mix(row + 1))
    }

    private static func hexadecimal(_ utf8: UnsafeBufferPointer<UInt8>, _ from: Int) -> UInt64? {
        var value: UInt64 = 0
        for byte in utf8[from..<from + 16] {
            switch byte {
            case 48...57: value = value << 4 | UInt64(byte - 48)
            case 97...102: value = value << 4 | UInt64(byte - 87)
            default: return nil
            }
        }
        return value
    }

    /// FNV-1a with two offsets, finished by SplitMix64.
    private static func hashed(_ utf8: UnsafeBufferPointer<UInt8>) -> (UInt64, UInt64) {
        var a: UInt64 = 0xCBF2_9CE4_8422_2325
        var b: UInt64 = 0x9E37_79B9_7F4A_7C15
        for byte in utf8 {
            a = (a ^ UInt64(byte)) &* 0x100_0000_01B3
            b = (b &+ UInt64(byte)) &* 0xFF51_AFD7_ED55_8CCD
        }
        return (SplitMix64.mix(a), SplitMix64.mix(b ^ a))
    }
}

/// From id to position, append-only: open addressing with linear probing, at most half full. 24 to 32 bytes a row.
struct PositionIndex {
    private var keys: [IDKey] = []
    /// Position + 1; 0 is free.
    private var slots = [UInt32](repeating: 0, count: 64)

    var count: Int { keys.count }

    private func start(_ key: IDKey) -> Int { Int(truncatingIfNeeded: SplitMix64.mix(key.low ^ key.high)) & (slots.count - 1) }

    /// The next position for `key`. An id that comes twice leads to its newest row.
    mutating func append(_ key: IDKey) {
        precondition(keys.count < Int(UInt32.max) - 1, "a log of one process holds 2^32 rows")
        if (keys.count + 1) * 2 > slots.count { grow() }
        keys.append(key)
        place(keys.count - 1)
    }

    private mutating func place(_ position: Int) {
        let key = keys[position]
        var slot = start(key)
        while slots[slot] != 0, keys[Int(slots[slot]) - 1] != key { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = UInt32(position + 1)
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for position in keys.indices { place(position) }
    }

    func position(_ key: IDKey) -> Int? {
        var slot = start(key)
        while slots[slot] != 0 {
            let position = Int(slots[slot]) - 1
            if keys[position] == key { return position }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }
}
