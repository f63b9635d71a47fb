/// Rows under headings, aligned for reading.
package struct Table: Sendable {
    package enum Alignment: Sendable { case left, right }

    package struct Column: Sendable {
        package var title: String
        package var alignment: Alignment
        package init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    package init(_ columns: [Column]) { self.columns = columns }

    /// Left-aligned columns.
    package init(_ titles: String...) { columns = titles.map { Column($0) } }

    package var isEmpty: Bool { rows.isEmpty }

    /// One cell for each column; line breaks in a cell become spaces.
    package mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count, "a row has \(cells.count) cells for \(columns.count) columns")
        rows.append(cells.map { String($0.map { $0.isNewline ? " " : $0 }) })
    }

    /// Headings, a rule, then the rows; each line ends with a line break and has no trailing space.
    package func render() -> String {
        let titles = columns.map(\.title)
        let widths = columns.indices.map { index in (rows + [titles]).map { displayWidth($0[index]) }.max() ?? 0 }
        let rule = widths.map { String(repeating: "─", count: $0) }
        return ([titles, rule] + rows).map { line($0, widths) + "\n" }.joined()
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var out = ""
        for (index, cell) in cells.enumerated() {
            let padding = String(repeating: " ", count: widths[index] - displayWidth(cell))
            if index > 0 { out += "  " }
            out += columns[index].alignment == .right ? padding + cell : cell + padding
        }
        while out.last == " " { out.removeLast() }
        return out
    }
}

/// Columns that a text takes on a terminal: two for a character whose first scalar is East Asian wide, one for any other. Colour codes
/// take none.
package func displayWidth(_ text: String) -> Int {
    var width = 0
    var inEscape = false
    for character in text {
        guard let scalar = character.unicodeScalars.first else { continue }
        if scalar == "\u{1B}" {
            inEscape = true
        } else if inEscape {
            inEscape = scalar != "m"
        } else {
            width += isWide(scalar.value) ? 2 : 1
        }
    }
    return width
}

/// The wide and full-width blocks of Unicode's EastAsianWidth.txt, coarsely, and the emoji planes.
private func isWide(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
        0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
        true
    default: false
    }
}
