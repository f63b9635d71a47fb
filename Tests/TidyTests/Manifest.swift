/// `Package.swift`, read as the table that it is.
struct Manifest {
    struct Module {
        var floor: String
        var name: String
        var purpose: String
        var uses: Set<String>
        var line: Int
    }

    let modules: [Module]
    /// Targets of the floor `C`.
    let cTargets: Set<String>
    /// `YAML` for a target `YAMLTests`.
    let tested: Set<String>

    init(_ text: String) {
        var modules: [Module] = []
        var lists: [String: [String]] = [
            "basics": Manifest.calls("let basics = [", "]", in: text).first.map { Manifest.strings(in: $0.text) } ?? []
        ]
        for call in Manifest.calls("module(", ")", in: text) {
            let strings = Manifest.strings(in: call.text)
            guard strings.count >= 3 else { continue }
            var uses = Set(strings.dropFirst(3))
            for (name, members) in lists where Manifest.mentions(name, after: "uses:", in: call.text) { uses.formUnion(members) }
            modules.append(Module(floor: strings[0], name: strings[1], purpose: strings[2], uses: uses, line: call.line))
            lists[strings[0].lowercased(), default: []].append(strings[1])
        }
        self.modules = modules
        let built = Manifest.calls(".target(", ")", in: text).filter { $0.text.firstRange(of: "\"Sources/C/") != nil }
        let libraries = Manifest.calls("systemLibrary(", ")", in: text) + built
        cTargets = Set(libraries.compactMap { Manifest.strings(in: $0.text).first })
        tested = Set(Manifest.calls("tests(", ")", in: text).compactMap { Manifest.strings(in: $0.text).first })
    }

    func module(_ name: String) -> Module? { modules.first { $0.name == name } }

    /// The texts between `opening` (a word and its bracket) and the bracket that closes it, with the line of each. Declarations of
    /// functions of that name are passed over.
    private static func calls(_ opening: String, _ closing: Character, in text: String) -> [(text: Substring, line: Int)] {
        guard let open = opening.last else { return [] }
        var found: [(text: Substring, line: Int)] = []
        var rest = text[...]
        var line = 1
        while let range = rest.firstRange(of: opening) {
            line += rest[..<range.lowerBound].count { $0 == "\n" }
            let before = rest[..<range.lowerBound]
            rest = rest[range.upperBound...]
            if before.last?.isLetter == true || before.hasSuffix("func ") { continue }
            var depth = 1
            var inString = false
            let end = rest.firstIndex { character in
                if character == "\"" { inString.toggle() }
                if !inString, character == open { depth += 1 }
                if !inString, character == closing { depth -= 1 }
                return depth == 0
            }
            guard let end else { break }
            found.append((text: rest[..<end], line: line))
        }
        return found
    }

    private static func mentions(_ list: String, after label: String, in call: Substring) -> Bool {
        guard let start = call.firstRange(of: label) else { return false }
        let code = call[start.upperBound...].split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter {
            $0.offset % 2 == 0
        }
        return code.flatMap { $0.element.split { !$0.isLetter } }.contains(Substring(list))
    }

    /// The string literals of a text that has no escapes.
    private static func strings(in text: Substring) -> [String] {
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}
