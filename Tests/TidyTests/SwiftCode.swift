/// Swift text with comments and the insides of strings blanked, line for line: what is left is code.
///
/// Code inside interpolations stays. Regex literals are not known: a quote in one would be taken for a string.
struct SwiftCode {
    let lines: [String]

    init(_ source: String) {
        var scanner = Scanner(Array(source.utf8))
        lines = scanner.blanked().split(separator: 0x0A, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }

    private struct Scanner {
        private enum Place {
            /// Plain code; inside an interpolation `parentheses` counts down to its end.
            case code(parentheses: Int)
            case string(pounds: Int, multiline: Bool)
        }

        private let bytes: [UInt8]
        private var at = 0
        private var out: [UInt8] = []
        private var places: [Place] = [.code(parentheses: 0)]

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
            out.reserveCapacity(bytes.count)
        }

        mutating func blanked() -> [UInt8] {
            while at < bytes.count {
                switch places[places.count - 1] {
                case .code(let parentheses): code(parentheses)
                case .string(let pounds, let multiline): string(pounds, multiline)
                }
            }
            return out
        }

        private func starts(with text: StaticString, at index: Int) -> Bool {
            let count = text.utf8CodeUnitCount
            guard index + count <= bytes.count else { return false }
            return (0..<count).allSatisfy { bytes[index + $0] == text.utf8Start[$0] }
        }

        private mutating func keep() {
            out.append(bytes[at])
            at += 1
        }

        private mutating func blank(_ count: Int = 1) {
            for _ in 0..<count where at < bytes.count {
                out.append(bytes[at] == 0x0A ? 0x0A : 0x20)
                at += 1
            }
        }

        private mutating func code(_ parentheses: Int) {
            if starts(with: "//", at: at) {
                while at < bytes.count, bytes[at] != 0x0A { blank() }
            } else if starts(with: "/*", at: at) {
                blockComment()
            } else if bytes[at] == UInt8(ascii: "\"") || bytes[at] == UInt8(ascii: "#") {
                openString()
            } else if bytes[at] == UInt8(ascii: "("), places.count > 1 {
                places[places.count - 1] = .code(parentheses: parentheses + 1)
                keep()
            } else if bytes[at] == UInt8(ascii: ")"), places.count > 1 {
                if parentheses == 1 { places.removeLast() } else { places[places.count - 1] = .code(parentheses: parentheses - 1) }
                keep()
            } else {
                keep()
            }
        }

        /// Block comments nest.
        private mutating func blockComment() {
            var depth = 0
            repeat {
                if starts(with: "/*", at: at) {
                    depth += 1
                    blank(2)
                } else if starts(with: "*/", at: at) {
                    depth -= 1
                    blank(2)
                } else {
                    blank()
                }
            } while depth > 0 && at < bytes.count
        }

        private mutating func openString() {
            var index = at
            while index < bytes.count, bytes[index] == UInt8(ascii: "#") { index += 1 }
            let pounds = index - at
            guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { return keep() }
            let multiline = starts(with: "\"\"\"", at: index)
            blank(pounds + (multiline ? 3 : 1))
            places.append(.string(pounds: pounds, multiline: multiline))
        }

        private mutating func string(_ pounds: Int, _ multiline: Bool) {
            let quotes = multiline ? 3 : 1
            if bytes[at] == UInt8(ascii: "\\"), hasPounds(pounds, at: at + 1) {
                let next = at + 1 + pounds
                if next < bytes.count, bytes[next] == UInt8(ascii: "(") {
                    blank(1 + pounds)
                    keep()
                    places.append(.code(parentheses: 1))
                } else {
                    blank(2 + pounds)
                }
            } else if multiline ? starts(with: "\"\"\"", at: at) : bytes[at] == UInt8(ascii: "\""), hasPounds(pounds, at: at + quotes) {
                blank(quotes + pounds)
                places.removeLast()
            } else if !multiline, bytes[at] == 0x0A {
                places.removeLast()  // not Swift any more: give up on this string
            } else {
                blank()
            }
        }

        private func hasPounds(_ count: Int, at index: Int) -> Bool {
            (0..<count).allSatisfy { index + $0 < bytes.count && bytes[index + $0] == UInt8(ascii: "#") }
        }
    }
}

extension SwiftCode {
    /// A body between braces that begins on a declaration's line.
    struct Body {
        var firstLine: Int
        var lastLine: Int
        var lineCount: Int { lastLine - firstLine + 1 }
    }

    /// The lines (from 1) of the declaration that begins at `line` (from 1): to the brace that closes its body, or nil when it has none.
    func body(ofDeclarationAt line: Int) -> Body? {
        var braces = 0
        var parentheses = 0
        for index in (line - 1)..<lines.count {
            for byte in lines[index].utf8 {
                switch byte {
                case UInt8(ascii: "("), UInt8(ascii: "["): parentheses += 1
                case UInt8(ascii: ")"), UInt8(ascii: "]"): parentheses -= 1
                case UInt8(ascii: "{"): braces += 1
                case UInt8(ascii: "}"):
                    braces -= 1
                    if braces == 0, parentheses == 0 { return Body(firstLine: line, lastLine: index + 1) }
                    if braces < 0 { return nil }  // a requirement: the protocol's own end
                default: break
                }
            }
            let goesOn = index + 1 < lines.count && SwiftCode.continues(lines[index + 1])
            if braces == 0, parentheses <= 0, !goesOn { return nil }
        }
        return nil
    }

    /// Whether a line belongs to the signature above it.
    private static func continues(_ line: String) -> Bool {
        let text = trimmed(line)
        return text.hasPrefix("{") || text.hasPrefix("->") || text.hasPrefix("where ") || text.hasPrefix("throws")
            || text.hasPrefix("async")
            || text.hasPrefix(")") || text.hasPrefix(":")
    }
}
