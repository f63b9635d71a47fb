/// The SQL of one engine. Everything is written once, in the words below, and translated when a statement is prepared.
///
/// Statements are those that SQLite 3.40 and PostgreSQL 15 share, with these words that are translated:
/// - `?` and `?3` are bindings, as in SQLite;
/// - `LIKE` knows no escape character and tells upper from lower case;
/// - `text REGEXP pattern` finds a pattern: `TextPattern` on SQLite, the engine's own expressions on PostgreSQL;
/// - `integers(?)` is a list of numbers, bound as one `SQLValue.ints`: `run IN integers(?)`; `texts(?)` is one of `SQLValue.texts`.
///
/// Schemas are written in SQLite's words: `INTEGER` (64 bits), `REAL`, `TEXT` (ordered by bytes), `BLOB`, `INTEGER PRIMARY KEY` for a
/// number that the database gives, `STRICT` and `WITHOUT ROWID`.
enum Dialect {
    case sqlite
    case postgres

    /// A statement in this engine's words.
    func translate(_ sql: String) -> String {
        switch self {
        case .sqlite:
            sql.contains("integers(?") || sql.contains("texts(?") ? SQLWords.rewrite(sql) { Dialect.listOnSQLite(&$0, &$1) } : sql
        case .postgres: PostgresDialect.statement(sql)
        }
    }

    /// `integers(?)` and `texts(?)` become a table of what a JSON list holds.
    private static func listOnSQLite(_ words: inout SQLWords, _ out: inout String) {
        guard let word = words.next() else { return }
        if word == "integers" || word == "texts", let binding = words.takeListBinding() {
            out += "(SELECT value FROM json_each(\(binding)))"
        } else {
            out += word
        }
    }
}

/// SQL text cut into words, quoted texts, comments, spaces and single signs; nothing is lost: joined again they are the text.
struct SQLWords {
    private let tokens: [Substring]
    private var at = 0

    init(_ sql: String) {
        var tokens: [Substring] = []
        var rest = sql[...]
        while let first = rest.unicodeScalars.first {
            let end: Substring.Index
            switch first {
            case "'", "\"": end = SQLWords.endOfQuoted(rest, first)
            case "-" where rest.hasPrefix("--"):
                end = rest.firstIndex(where: \.isNewline) ?? rest.endIndex
            case _ where SQLWords.isWord(first) || first == "?":
                end = rest.unicodeScalars.dropFirst().firstIndex { !SQLWords.isWord($0) } ?? rest.endIndex
            case _ where first.properties.isWhitespace:
                end = rest.unicodeScalars.firstIndex { !$0.properties.isWhitespace } ?? rest.endIndex
            default: end = rest.unicodeScalars.index(after: rest.startIndex)
            }
            tokens.append(rest[..<end])
            rest = rest[end...]
        }
        self.tokens = tokens
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
    }

    /// Past the closing quote; a doubled quote is a quote.
    private static func endOfQuoted(_ text: Substring, _ quote: Unicode.Scalar) -> Substring.Index {
        var index = text.unicodeScalars.index(after: text.startIndex)
        while index < text.endIndex {
            let next = text.unicodeScalars.index(after: index)
            if text.unicodeScalars[index] == quote {
                guard next < text.endIndex, text.unicodeScalars[next] == quote else { return next }
                index = text.unicodeScalars.index(after: next)
            } else {
                index = next
            }
        }
        return text.endIndex
    }

    /// Each call of `step` takes at least one word and writes what stands in its place.
    static func rewrite(_ sql: String, _ step: (inout SQLWords, inout String) -> Void) -> String {
        var words = SQLWords(sql)
        var out = ""
        out.reserveCapacity(sql.utf8.count + 32)
        while words.peek() != nil { step(&words, &out) }
        return out
    }

    func peek(_ ahead: Int = 0) -> Substring? { at + ahead < tokens.count ? tokens[at + ahead] : nil }

    mutating func next() -> Substring? {
        guard at < tokens.count else { return nil }
        defer { at += 1 }
        return tokens[at]
    }

    /// The next word that is no space, and how far ahead it is.
    func peekWord(after ahead: Int = 0) -> (word: Substring, ahead: Int)? {
        var ahead = ahead
        while let word = peek(ahead) {
            if !word.allSatisfy(\.isWhitespace) { return (word, ahead) }
            ahead += 1
        }
        return nil
    }

    /// Takes the following words when they are these (in capitals), whatever spaces lie between.
    mutating func take(_ wanted: String...) -> Bool {
        var ahead = 0
        for one in wanted {
            guard let (word, place) = peekWord(after: ahead), word.uppercased() == one else { return false }
            ahead = place + 1
        }
        at += ahead
        return true
    }

    /// `(?)` after the word `integers` or `texts`: its binding.
    mutating func takeListBinding() -> Substring? {
        guard peek() == "(", let binding = peek(1), binding.hasPrefix("?"), peek(2) == ")" else { return nil }
        at += 3
        return binding
    }
}
