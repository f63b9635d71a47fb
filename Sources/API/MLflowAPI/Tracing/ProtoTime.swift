import Clockwork
import Errors

/// Times and durations in protobuf's JSON form: `2026-11-27T09:30:29.650Z`, `0.195s`.
enum ProtoTime {
    /// As few digits behind the point as needed: none, 3 (milliseconds).
    static func text(milliseconds: Int64) -> String {
        let whole = Timestamp(milliseconds: milliseconds).rfc3339
        return milliseconds % 1_000 == 0 ? "\(whole.prefix(19))Z" : "\(whole.prefix(23))Z"
    }

    static func duration(milliseconds: Int64) -> String {
        let sign = milliseconds < 0 ? "-" : ""
        let magnitude = milliseconds.magnitude
        let rest = String(magnitude % 1_000)
        let fraction = magnitude % 1_000 == 0 ? "" : ".\(String(repeating: "0", count: 3 - rest.count))\(rest)"
        return "\(sign)\(magnitude / 1_000)\(fraction)s"
    }

    /// RFC 3339 with any offset; finer than milliseconds is cut.
    /// - Throws: `invalid_argument`.
    static func milliseconds(_ text: String, field: String) throws -> Int64 {
        guard let value = parse(Array(text.utf8)) else {
            throw JidokaError.invalidArgument(
                "Invalid value '\(text.prefix(100))' for parameter '\(field)': a time in RFC 3339 is expected")
        }
        return value
    }

    private static func parse(_ bytes: [UInt8]) -> Int64? {
        func number(_ at: Int, _ count: Int) -> Int64? {
            guard at + count <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[at..<at + count] {
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            return value
        }
        guard bytes.count >= 20, bytes[4] == 0x2D, bytes[7] == 0x2D, bytes[10] | 0x20 == 0x74, bytes[13] == 0x3A, bytes[16] == 0x3A,
            let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), let hour = number(11, 2), let minute = number(14, 2),
            let second = number(17, 2), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        var at = 19
        var fraction: Int64 = 0
        if bytes[at] == 0x2E {
            var digits = 0
            at += 1
            while at < bytes.count, bytes[at] >= 0x30, bytes[at] <= 0x39 {
                if digits < 3 { fraction = fraction * 10 + Int64(bytes[at] - 0x30) }
                digits += 1
                at += 1
            }
            guard digits > 0, digits <= 9 else { return nil }
            for _ in min(digits, 3)..<3 { fraction *= 10 }
        }
        guard at < bytes.count else { return nil }
        var offset: Int64 = 0
        if bytes[at] | 0x20 == 0x7A {
            guard at + 1 == bytes.count else { return nil }
        } else {
            guard bytes[at] == 0x2B || bytes[at] == 0x2D, at + 6 == bytes.count, bytes[at + 3] == 0x3A, let hours = number(at + 1, 2),
                let minutes = number(at + 4, 2)
            else { return nil }
            offset = (hours * 60 + minutes) * (bytes[at] == 0x2D ? -60 : 60)
        }
        // Days from civil date after Howard Hinnant, "chrono-compatible low-level date algorithms".
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        return (days * 86_400 + hour * 3_600 + minute * 60 + second - offset) * 1_000 + fraction
    }

    /// `1.5s`; nil when it is none.
    static func milliseconds(duration text: String) -> Int64? {
        guard text.hasSuffix("s"), let seconds = Double(text.dropLast()), seconds.magnitude < 9e12 else { return nil }
        return Int64((seconds * 1_000).rounded())
    }
}
