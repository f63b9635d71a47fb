import Errors

/// Cuts a filter string into tokens.
struct FilterLexer {
    enum Token: Equatable {
        /// `metrics.accuracy`, params."a b", tags.`x.y`; `written` is the source text.
        case field(FilterField, written: String)
        /// A bare word that has no dot and no quotes: a keyword or a field without an entity.
        case word(String)
        case text(String)
        case number(Double, written: String)
        case comparator(FilterComparator)
        /// `(`, `)`, `,` and anything that no rule takes.
        case mark(Character)

        var written: String {
            switch self {
            case .field(_, let written): written
            case .word(let word): word
            case .text(let text): "'\(text)'"
            case .number(_, let written): written
            case .comparator(let comparator): comparator.rawValue
            case .mark(let mark): String(mark)
            }
        }
    }

    private let characters: [Character]
    private var at = 0

    /// The longest filter string that is read.
    static let lengthMax = 65_536

    static func tokens(of text: String) throws -> [Token] {
        guard text.utf8.count <= lengthMax else {
            throw JidokaError.invalidArgument("the filter string is longer than \(lengthMax) bytes", hint: "send a shorter filter")
        }
        var lexer = FilterLexer(characters: Array(text))
        var tokens: [Token] = []
        while let token = try lexer.next() { tokens.append(token) }
        return tokens
    }

    private init(characters: [Character]) { self.characters = characters }

    private var current: Character? { at < characters.count ? characters[at] : nil }

    private mutating func next() throws -> Token? {
        while let character = current, character.isWhitespace { at += 1 }
        guard let character = current else { return nil }
        switch character {
        case "'": return .text(try quoted(by: "'"))
        case "\"", "`": return try word()
        case "=", "!", "<", ">": return comparator()
        case "(", ")", ",":
            at += 1
            return .mark(character)
        case "-", "+", ".":
            return number() ?? mark(character)
        default:
            if character.isASCII, character.isNumber, let number = number() { return number }
            return FilterLexer.isWordPart(character) ? try word() : mark(character)
        }
    }

    private mutating func mark(_ character: Character) -> Token {
        at += 1
        return .mark(character)
    }

    private static func isWordPart(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_" || character == "-" || character == "/" || character == ":"
    }

    /// The text between two quotes; a doubled quote stands for one.
    private mutating func quoted(by quote: Character) throws -> String {
        let start = at
        at += 1
        var text = ""
        while let character = current {
            at += 1
            if character != quote {
                text.append(character)
            } else if current == quote {
                text.append(quote)
                at += 1
            } else {
                return text
            }
        }
        throw JidokaError.invalidArgument(
            "Invalid clause(s) in filter string: '\(String(characters[start...]))'",
            hint: "the quote at character \(start + 1) is not closed")
    }

    private mutating func comparator() -> Token {
        for length in [2, 1] where at + length <= characters.count {
            let written = String(characters[at..<at + length])
            let known = written == "<>" ? .notEqual : written == "==" ? .equal : FilterComparator(rawValue: written)
            if let known {
                at += length
                return .comparator(known)
            }
        }
        return mark(characters[at])
    }

    /// A number that ends where a word would not go on; nil (and nothing consumed) otherwise.
    private mutating func number() -> Token? {
        var end = at
        if characters[end] == "-" || characters[end] == "+" { end += 1 }
        while end < characters.count {
            let character = characters[end]
            let exponentSign =
                (character == "-" || character == "+") && end > at && (characters[end - 1] == "e" || characters[end - 1] == "E")
            guard character.isASCII, character.isNumber || character == "." || character == "e" || character == "E" || exponentSign else {
                break
            }
            end += 1
        }
        if end < characters.count, FilterLexer.isWordPart(characters[end]) { return nil }
        let written = String(characters[at..<end])
        guard let value = Double(written) else { return nil }
        at = end
        return .number(value, written: written)
    }

    /// Words and quoted parts joined by dots. A double-quoted text alone is a value; the first dot ends the entity.
    private mutating func word() throws -> Token {
        let start = at
        var parts: [(text: String, quote: Character?)] = []
        var text = ""
        while let character = current {
            if text.isEmpty, character == "`" || character == "\"" {
                parts.append((try quoted(by: character), character))
                if current == "." { at += 1 } else { break }
            } else if FilterLexer.isWordPart(character) {
                text.append(character)
                at += 1
            } else if character == ".", parts.isEmpty, !text.isEmpty {
                parts.append((text, nil))
                text = ""
                at += 1
            } else if character == "." {
                text.append(character)
                at += 1
            } else {
                break
            }
        }
        let written = String(characters[start..<at])
        if !text.isEmpty { parts.append((text, nil)) }
        guard parts.count > 1 else {
            guard let only = parts.first else { return .word(written) }
            return switch only.quote {
            case "\"": .text(only.text)
            case "`": .field(FilterField(entity: nil, key: only.text), written: written)
            default: .word(only.text)
            }
        }
        return .field(FilterField(entity: parts[0].text, key: parts.dropFirst().map(\.text).joined(separator: ".")), written: written)
    }
}
