import Errors

/// Turns a step's `run` text into program arguments: words are split as in a POSIX shell (quotes, backslash; XCU 2.2), then `${…}` is
/// replaced inside each word, within quotes of either kind too. No shell runs: a value can never become a second word or a second command.
package enum CommandTemplate {
    package static func words(_ text: String) throws -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var escaped = false
        for character in text {
            if escaped {
                // Within double quotes a backslash stands for itself, except before what it can protect there.
                let isLiteral = quote == "\"" && !"\"\\$`".contains(character)
                word = (word ?? "") + (isLiteral ? "\\" : "") + String(character)
                escaped = false
            } else if character == "\\", quote != "'" {
                escaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if character.isWhitespace {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        guard quote == nil, !escaped else { throw JidokaError.invalidArgument("a quote is not closed in `\(text)`") }
        if let word { words.append(word) }
        guard !words.isEmpty else { throw JidokaError.invalidArgument("a step's `run` is empty") }
        return words
    }

    /// Replaces each `${name}` by its value. - Throws: `invalid_argument` for an unknown name, with the nearest known one.
    package static func fill(_ word: String, _ values: [String: String]) throws -> String {
        var out = ""
        var rest = word[...]
        while let open = rest.range(of: "${") {
            out += rest[..<open.lowerBound]
            guard let close = rest[open.upperBound...].firstIndex(of: "}") else {
                throw JidokaError.invalidArgument("`${` is not closed in `\(word)`")
            }
            let name = String(rest[open.upperBound..<close])
            guard let value = values[name] else {
                throw JidokaError.invalidArgument(
                    "`${\(name)}` is not known", hint: nearestName(to: name, among: values.keys).map { "did you mean `${\($0)}`?" })
            }
            out += value
            rest = rest[rest.index(after: close)...]
        }
        return out + rest
    }
}

extension Substring {
    /// The first occurrence of `text`.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
