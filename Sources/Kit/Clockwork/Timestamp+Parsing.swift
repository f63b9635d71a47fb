extension Timestamp {
    /// Reads RFC 3339: `2026-03-01T12:00:00.5Z`, `2026-03-01T13:00+01:00`. Seconds and the fraction may be left out, a blank may stand for
    /// the `T`, and a date alone is its midnight; an offset or `Z` is needed wherever there is a time. Digits beyond microseconds are cut.
    /// nil for anything else. Days from civil date after Howard Hinnant, "chrono-compatible low-level date algorithms".
    package init?(rfc3339 text: String) {
        var bytes = Array(text.utf8)[...]
        guard let year = Timestamp.number(&bytes, digits: 4), Timestamp.take("-", &bytes),
            let month = Timestamp.number(&bytes, digits: 2), (1...12).contains(month), Timestamp.take("-", &bytes),
            let day = Timestamp.number(&bytes, digits: 2), (1...Timestamp.days(in: month, of: year)).contains(day)
        else { return nil }
        let midnight = Timestamp.daysSince1970(year, month, day) * 86_400_000_000
        if bytes.isEmpty {
            self.init(microseconds: midnight)
            return
        }
        guard Timestamp.take("T", &bytes) || Timestamp.take("t", &bytes) || Timestamp.take(" ", &bytes),
            let hour = Timestamp.number(&bytes, digits: 2), (0...23).contains(hour), Timestamp.take(":", &bytes),
            let minute = Timestamp.number(&bytes, digits: 2), (0...59).contains(minute)
        else { return nil }
        var microseconds = (hour * 3_600 + minute * 60) * 1_000_000
        if Timestamp.take(":", &bytes) {
            guard let second = Timestamp.number(&bytes, digits: 2), (0...59).contains(second) else { return nil }
            microseconds += second * 1_000_000
            if Timestamp.take(".", &bytes) {
                guard let fraction = Timestamp.fraction(&bytes) else { return nil }
                microseconds += fraction
            }
        }
        guard let offset = Timestamp.offset(&bytes), bytes.isEmpty else { return nil }
        self.init(microseconds: midnight + microseconds - offset)
    }

    private static func take(_ character: Unicode.Scalar, _ bytes: inout ArraySlice<UInt8>) -> Bool {
        guard bytes.first == UInt8(ascii: character) else { return false }
        bytes.removeFirst()
        return true
    }

    private static func number(_ bytes: inout ArraySlice<UInt8>, digits: Int) -> Int64? {
        let taken = bytes.prefix(digits)
        guard taken.count == digits, taken.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        bytes.removeFirst(digits)
        return taken.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    /// Digits after the point as microseconds.
    private static func fraction(_ bytes: inout ArraySlice<UInt8>) -> Int64? {
        let digits = bytes.prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty else { return nil }
        bytes.removeFirst(digits.count)
        let padded = Array(digits.prefix(6)) + Array(repeating: 0x30, count: max(0, 6 - digits.count))
        return padded.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    /// `Z`, `+01:00` or `-05:30` in microseconds.
    private static func offset(_ bytes: inout ArraySlice<UInt8>) -> Int64? {
        if take("Z", &bytes) || take("z", &bytes) { return 0 }
        let sign: Int64 = take("+", &bytes) ? 1 : take("-", &bytes) ? -1 : 0
        guard sign != 0, let hours = number(&bytes, digits: 2), hours <= 23, take(":", &bytes), let minutes = number(&bytes, digits: 2),
            minutes <= 59
        else { return nil }
        return sign * (hours * 3_600 + minutes * 60) * 1_000_000
    }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
        return [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
