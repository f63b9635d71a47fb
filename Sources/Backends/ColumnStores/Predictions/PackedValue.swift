import Errors
import Serving

/// A cell in eight bytes: a number as itself, a text or a missing cell as one of the NaN patterns that no number uses.
struct PackedValue: Hashable {
    let bits: UInt64

    static let missing = PackedValue(bits: 0x7FFC_0000_0000_0000)
    private static let textMark: UInt64 = 0x7FFE_0000_0000_0000

    private init(bits: UInt64) { self.bits = bits }
    /// NaN is a missing cell.
    init(_ number: Double) { bits = number.isNaN ? PackedValue.missing.bits : number.bitPattern }
    init(textCode: UInt32) { bits = PackedValue.textMark | UInt64(textCode) }

    var textCode: UInt32? { bits >> 32 == PackedValue.textMark >> 32 ? UInt32(truncatingIfNeeded: bits) : nil }
    var isMissing: Bool { self == .missing }
    var number: Double? { isMissing || textCode != nil ? nil : Double(bitPattern: bits) }
}

/// Texts by small codes, so that a class name is kept once however many rows carry it.
struct TextTable {
    private var codes: [String: UInt32] = [:]
    private(set) var texts: [String] = []

    mutating func code(_ text: String) -> UInt32 {
        if let code = codes[text] { return code }
        let code = UInt32(texts.count)
        texts.append(text)
        codes[text] = code
        return code
    }

    func code(ifKnown text: String) -> UInt32? { codes[text] }
    subscript(code: UInt32) -> String { texts[Int(code)] }

    mutating func pack(_ value: FeatureValue) -> PackedValue {
        switch value {
        case .missing: .missing
        case .number(let number): PackedValue(number)
        case .text(let text): PackedValue(textCode: code(text))
        }
    }

    func unpack(_ value: PackedValue) -> FeatureValue {
        if let code = value.textCode { return .text(self[code]) }
        return value.number.map(FeatureValue.number) ?? .missing
    }
}

/// Whether a label says the same as a prediction: texts when equal, numbers within 1e-9 (relative above 1), `"1"` and `1` alike.
func agree(_ a: FeatureValue, _ b: FeatureValue) -> Bool {
    if case .text(let first) = a, case .text(let second) = b, first == second { return true }
    guard let first = numeric(a), let second = numeric(b) else { return false }
    return first == second || abs(first - second) <= 1e-9 * max(1, abs(first), abs(second))
}

/// A cell as a number, reading texts such as `"1"` or `"0.5"`.
func numeric(_ value: FeatureValue) -> Double? {
    switch value {
    case .missing: nil
    case .number(let number): number
    case .text(let text): Double(text)
    }
}
