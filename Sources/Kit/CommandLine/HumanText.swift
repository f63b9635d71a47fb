/// Numbers as people read them.
package enum HumanText {
    /// `0 B`, `1.5 KB`, `23 MB`: powers of 1,000, two significant digits below 10.
    package static func bytes(_ count: Int64) -> String {
        let units = ["B", "KB", "MB", "GB", "TB", "PB", "EB"]
        var value = Double(count.magnitude)
        var unit = 0
        while value >= 999.5, unit < units.count - 1 {
            value /= 1_000
            unit += 1
        }
        let number = unit == 0 || value >= 9.95 ? String(Int(value.rounded())) : fixed(value, 1)
        return "\(count < 0 ? "-" : "")\(number) \(units[unit])"
    }

    /// `850 µs`, `12 ms`, `3.2 s`, `4 m 05 s`, `2 h 10 m`, `3 d 4 h`.
    package static func duration(_ duration: Duration) -> String {
        let parts = duration.components
        let seconds = Double(parts.seconds) + Double(parts.attoseconds) / 1e18
        switch seconds {
        case ..<0: return "-" + HumanText.duration(.zero - duration)
        case ..<0.0009995: return "\(Int((seconds * 1e6).rounded())) µs"
        case ..<0.9995: return "\(Int((seconds * 1e3).rounded())) ms"
        case ..<59.95: return "\(fixed(seconds, 1)) s"
        default: break
        }
        let whole = Int(seconds.rounded())
        if whole < 3_600 { return "\(whole / 60) m \(padded(whole % 60)) s" }
        if whole < 86_400 { return "\(whole / 3_600) h \(padded(whole / 60 % 60)) m" }
        return "\(whole / 86_400) d \(whole / 3_600 % 24) h"
    }

    /// `208,892`.
    package static func count(_ value: Int64) -> String {
        let digits = String(value.magnitude)
        var out = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { out.append(",") }
            out.append(digit)
        }
        return (value < 0 ? "-" : "") + out
    }

    /// A number with exactly `places` decimals (0 to 12), rounded half away from zero; `nan` and `inf` as words.
    package static func fixed(_ value: Double, _ places: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value > 0 ? "inf" : "-inf" }
        let scale = (0..<places).reduce(1.0) { power, _ in power * 10 }
        let scaled = (value.magnitude * scale).rounded()
        guard scaled < 9e15 else { return value.description }
        let digits = String(Int64(scaled))
        let sign = value < 0 && scaled != 0 ? "-" : ""
        if places == 0 { return sign + digits }
        let filled = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return "\(sign)\(filled.dropLast(places)).\(filled.suffix(places))"
    }

    private static func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }
}
