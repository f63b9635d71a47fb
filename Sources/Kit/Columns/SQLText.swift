/// Text put safely into SQL.
package enum SQLText {
    /// `a"b` becomes `"a""b"`.
    package static func identifier(_ name: String) -> String { quoted(name, "\"") }

    /// `it's` becomes `'it''s'`.
    package static func literal(_ text: String) -> String { quoted(text, "'") }

    /// Without a NUL, which ends SQL text early; inside quotes only the quote itself needs care.
    private static func quoted(_ text: String, _ quote: Character) -> String {
        var out = String(quote)
        for character in text.unicodeScalars where character != "\0" {
            out.unicodeScalars.append(character)
            if character == quote.unicodeScalars.first { out.unicodeScalars.append(character) }
        }
        out.append(quote)
        return out
    }
}
