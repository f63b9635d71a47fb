import Testing

/// Names that say nothing, and types that nobody explained.
enum NamingRules {
    static let emptyWords = ["Utils", "Util", "Utilities", "Helpers", "Helper", "Common", "Manager", "Base", "Misc"]
    /// Nouns of the areas, which Kit does not know.
    static let areaWords = [
        "Dataset", "Experiment", "MLflow", "ModelVersion", "Champion", "Challenger", "Rollout", "Canary", "Pipeline", "FeatureView",
    ]

    /// Whether a name is an empty word or ends with one: `Helpers`, `RunManager`, `SQLStore+Utils`.
    static func saysNothing(_ name: String) -> Bool { emptyWords.contains { name == $0 || name.hasSuffix($0) } }

    struct Declaration {
        var name: String
        var line: Int
        var isPackage: Bool
    }

    /// Types that the file declares at its top level or inside others.
    static func types(_ code: SwiftCode) -> [Declaration] {
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "actor", "typealias"]
        return code.lines.enumerated().compactMap { index, line in
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let position = words.firstIndex(where: kinds.contains), position + 1 < words.count, position <= 4 else { return nil }
            let known: Set<Substring> = ["package", "private", "fileprivate", "final", "indirect", "public", "open", "nonisolated"]
            guard words[..<position].allSatisfy({ known.contains($0) || $0.hasPrefix("@") }) else { return nil }
            let name = String(words[position + 1].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
            return name.first?.isUppercase == true ? Declaration(name: name, line: index + 1, isPackage: words.contains("package")) : nil
        }
    }

    static func emptyNames(_ file: TextFile, _ code: SwiftCode) -> [Violation] {
        var found = types(code).filter { saysNothing($0.name) }.map {
            Violation(file: file.path, line: $0.line, rule: "name", what: "`\($0.name)` says nothing: name it for what it does")
        }
        let parts = file.folders + [String(file.name.split(separator: ".").first ?? "")]
        for part in parts where saysNothing(part) {
            found.append(Violation(file: file.path, line: 1, rule: "name", what: "`\(part)` says nothing: name it for its subject"))
        }
        return found
    }

    /// Package types at the top level need a doc comment.
    static func undocumented(_ file: TextFile, _ code: SwiftCode) -> [Violation] {
        let lines = file.lines
        return types(code).compactMap { type in
            guard type.isPackage, let first = lines[type.line - 1].first, !first.isWhitespace else { return nil }
            var above = type.line - 2
            while above >= 0, trimmed(lines[above]).hasPrefix("@") { above -= 1 }
            if above >= 0, trimmed(lines[above]).hasPrefix("///") { return nil }
            return Violation(
                file: file.path, line: type.line, rule: "doc",
                what: "`\(type.name)` has no doc comment: say what it is, its units and errors")
        }
    }

    /// Types of Kit whose names belong to the areas.
    static func areaWordsInKit(_ file: TextFile, _ code: SwiftCode) -> [Violation] {
        guard file.path.hasPrefix("Sources/Kit/") else { return [] }
        return types(code).compactMap { type in
            guard let word = areaWords.first(where: { type.name.firstRange(of: $0) != nil }) else { return nil }
            return Violation(
                file: file.path, line: type.line, rule: "kit-word",
                what: "`\(type.name)` is a word of the areas (`\(word)`): Kit holds mechanisms")
        }
    }
}

struct NamingTests {
    @Test(arguments: ["Utils", "RunManager", "StringHelpers", "SQLStore+Utils", "HandlerBase"])
    func `names that say nothing are known`(name: String) { #expect(NamingRules.saysNothing(name)) }

    @Test(arguments: ["Database", "Codebase", "CommonName", "Run", "BaseURL"])
    func `names that hold such a word and go on are fine`(name: String) { #expect(!NamingRules.saysNothing(name)) }

    @Test func `types are found whatever stands before them`() {
        let code = SwiftCode(
            """
            package final class A {}
                private struct B<T> {
            extension C {
            let x = "struct D"
            @MainActor package enum E: Int {}
            indirect enum F {}
            """
        )
        #expect(NamingRules.types(code).map(\.name) == ["A", "B", "E", "F"])
    }

    @Test func `a package type without a doc comment is found`() {
        let file = TextFile(
            path: "Sources/Kit/X/A.swift",
            text: "/// What it is.\n@frozen\npackage struct A {\n    package enum Kind {}\n}\n\npackage struct B {}\nstruct C {}\n")
        #expect(NamingRules.undocumented(file, SwiftCode(file.text)).map(\.line) == [7])
    }

    @Test func `a word of the areas in Kit is found`() {
        let file = TextFile(path: "Sources/Kit/X/A.swift", text: "struct PipelineStep {}\nstruct Table {}\n")
        #expect(NamingRules.areaWordsInKit(file, SwiftCode(file.text)).map(\.line) == [1])
    }

    // MARK: The repository itself

    @Test func `every file, folder and type is named for what it does`() {
        for file in Repository.sources + Repository.tests { expectNone(NamingRules.emptyNames(file, file.code)) }
    }

    @Test func `every package type at the top of a file is explained`() {
        for file in Repository.sources { expectNone(NamingRules.undocumented(file, file.code)) }
    }

    @Test func `Kit has no word of the areas`() {
        for file in Repository.sources { expectNone(NamingRules.areaWordsInKit(file, file.code)) }
    }
}
