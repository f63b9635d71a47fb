package import Errors

extension Duration {
    /// Units in the order in which `text` writes them, with their length in microseconds.
    private static let units: [(name: String, microseconds: Int64)] = [
        ("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1),
    ]

    /// Reads `10s`, `5m`, `6h`, `2d`, `250ms`, `100us`, fractions (`1.5h`), sums (`1h30m`) and `0`.
    ///
    /// A bare number is refused: its unit would be a guess. Negative durations are refused.
    /// - Throws: `invalid_argument` with what was written and how to write it.
    package static func parse(_ text: String) throws(JidokaError) -> Duration {
        if text == "0" { return .zero }
        var total: Int64 = 0
        var rest = Substring(text)
        repeat {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let value = Double(number), let length = units.first(where: { $0.name == unit })?.microseconds else {
                throw malformed(text)
            }
            let (sum, overflow) = total.addingReportingOverflow(Int64(exactly: (value * Double(length)).rounded()) ?? .max)
            guard !overflow, sum <= 3_153_600_000_000_000 else {
                throw .invalidArgument("the duration `\(text)` is too long", hint: "at most 100 years (`36500d`)")
            }
            total = sum
        } while !rest.isEmpty
        return .microseconds(total)
    }

    private static func malformed(_ text: String) -> JidokaError {
        .invalidArgument(
            "`\(text)` is not a duration", hint: "write a number and a unit: `250ms`, `10s`, `5m`, `6h`, `2d`, or a sum such as `1h30m`")
    }

    /// The form that `parse` reads back to the same microsecond: `1h30m`, `250ms`, `0`.
    package var text: String {
        var rest = microseconds.magnitude
        if rest == 0 { return "0" }
        var out = microseconds < 0 ? "-" : ""
        for (name, length) in Duration.units where rest >= length.magnitude {
            out += "\(rest / length.magnitude)\(name)"
            rest %= length.magnitude
        }
        return out
    }
}
