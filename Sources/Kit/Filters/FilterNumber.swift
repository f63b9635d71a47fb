/// Params are kept as text; this says which of them are numbers.
package enum FilterNumber {
    /// The number that a text stands for: decimal digits with sign, point and exponent. nil for everything else, also for `nan`, `inf`,
    /// `0x10`, texts with spaces and numbers beyond the range of a double.
    package static func read(_ text: String) -> Double? {
        let utf8 = text.utf8
        guard let first = utf8.first, first <= 0x39, utf8.count <= lengthMax, utf8.allSatisfy({ isPart($0) }) else { return nil }
        guard let number = Double(text), number.isFinite else { return nil }
        return number
    }

    /// Longer texts are no numbers that anyone compares.
    private static let lengthMax = 64

    private static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x2B, 0x2D, 0x2E, 0x45, 0x65: true
        default: false
        }
    }
}
