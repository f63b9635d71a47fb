/// Where new ids come from.
package protocol IDSource: Sendable {
    /// 32 lower-case hexadecimal digits, never given twice.
    func next() -> String
}

/// Ids whose first 12 digits are the time in milliseconds, so that they sort by age; the other 80 bits are random.
package struct SystemIDs: IDSource {
    private let time: any TimeSource
    private let random: any RandomSource

    package init(time: any TimeSource = SystemTime(), random: any RandomSource = SystemRandom()) {
        self.time = time
        self.random = random
    }

    package func next() -> String {
        let milliseconds = UInt64(bitPattern: time.now().milliseconds) & 0xFFFF_FFFF_FFFF
        let high = milliseconds << 16 | random.next() & 0xFFFF
        return hex16(high) + hex16(random.next())
    }
}

/// 16 lower-case hexadecimal digits, written without Foundation's formatting.
package func hex16(_ value: UInt64) -> String {
    String(unsafeUninitializedCapacity: 16) { out in
        for i in 0..<16 {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * i)) & 0xF
            out[i] = digit < 10 ? 48 + digit : 87 + digit
        }
        return 16
    }
}
