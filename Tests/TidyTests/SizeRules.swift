/// How large things may be.
enum SizeRules {
    static let sourceLinesMax = 600
    static let sourceLinesSmell = 400
    static let testLinesMax = 800
    static let functionLinesMax = 70
    static let requirementsMax = 12
    static let columnsMax = 140

    static func fileLength(_ file: TextFile, max: Int) -> [Violation] {
        let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
        guard count > max else { return [] }
        return [Violation(file: file.path, line: max + 1, rule: "file-length", what: "\(count) lines, at most \(max): split it by subject")]
    }

    static func lineLength(_ file: TextFile) -> [Violation] {
        file.lines.enumerated().compactMap { index, line in
            guard line.utf8.count > columnsMax, line.count > columnsMax else { return nil }
            return Violation(
                file: file.path, line: index + 1, rule: "line-length",
                what: "\(line.count) columns, at most \(columnsMax): run `make fmt`, which wraps all but long strings")
        }
    }

    /// Functions and initialisers whose lines, signature included, are too many.
    static func functionLength(path: String, code: SwiftCode) -> [Violation] {
        code.lines.indices.compactMap { index in
            guard let name = functionName(code.lines[index]), let body = code.body(ofDeclarationAt: index + 1) else { return nil }
            guard body.lineCount > functionLinesMax else { return nil }
            return Violation(
                file: path, line: index + 1, rule: "function-length",
                what: "`\(name)` has \(body.lineCount) lines, at most \(functionLinesMax): split it")
        }
    }

    static func requirements(path: String, code: SwiftCode) -> [Violation] {
        code.lines.indices.compactMap { index in
            let words = code.lines[index].split(whereSeparator: \.isWhitespace)
            guard let position = words.firstIndex(of: "protocol"), position <= 2, position + 1 < words.count else { return nil }
            guard let body = code.body(ofDeclarationAt: index + 1) else { return nil }
            let count = code.lines[index..<body.lastLine].dropFirst().count { isRequirement($0) }
            guard count > requirementsMax else { return nil }
            let name = words[position + 1].prefix { $0.isLetter || $0.isNumber }
            return Violation(
                file: path, line: index + 1, rule: "protocol-size",
                what: "protocol `\(name)` has \(count) requirements, at most \(requirementsMax): split it by role")
        }
    }

    private static let modifiers: Set<Substring> = [
        "package", "private", "fileprivate", "internal", "public", "open", "static", "final", "mutating", "nonmutating", "consuming",
        "borrowing", "override", "convenience", "required", "nonisolated", "isolated", "prefix", "postfix", "infix", "class", "indirect",
        "nonisolated(nonsending)", "private(set)",
    ]

    /// The words of a declaration after attributes and modifiers.
    private static func declaration(_ line: String) -> ArraySlice<Substring> {
        var words = line.split(whereSeparator: \.isWhitespace)[...]
        while let first = words.first, modifiers.contains(first) || first.hasPrefix("@") { words = words.dropFirst() }
        return words
    }

    private static func functionName(_ line: String) -> String? {
        let words = declaration(line)
        guard let first = words.first else { return nil }
        if first == "func", let name = words.dropFirst().first { return String(name.prefix { $0 != "(" && $0 != "<" }) }
        return ["init(", "init?(", "init<", "deinit", "subscript("].contains { first.hasPrefix($0) }
            ? String(first.prefix { $0.isLetter }) : nil
    }

    private static func isRequirement(_ line: String) -> Bool {
        guard let first = declaration(line).first else { return false }
        return ["func", "var", "associatedtype"].contains(first) || functionName(line) != nil
    }
}
