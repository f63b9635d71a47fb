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
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var modules: [Module] = []
        var cTargets: Set<String> = []
        var tested: Set<String> = []
        var lists: [String: [String]] = [:]
        for (index, line) in lines.enumerated() {
            let strings = Manifest.strings(in: line)
            let text = trimmed(line)
            if text.hasPrefix("let basics"), text.contains("[\"") { lists["basics"] = strings }
            if text.hasPrefix("module(\""), strings.count >= 3 {
                var uses = Set(strings.dropFirst(3))
                for (name, members) in lists where Manifest.mentions(name, after: "uses:", in: text) { uses.formUnion(members) }
                let module = Module(floor: strings[0], name: strings[1], purpose: strings[2], uses: uses, line: index + 1)
                modules.append(module)
                lists[module.floor.lowercased(), default: []].append(module.name)
            } else if text.hasPrefix("systemLibrary(\"") || text.hasPrefix(".target(name: \"C") {
                cTargets.formUnion(strings.prefix(1))
            } else if text.hasPrefix("tests(\"") {
                for part in text.split(separator: "tests(\"").dropFirst(0) { tested.insert(String(part.prefix { $0 != "\"" })) }
            }
        }
        self.modules = modules
        self.cTargets = cTargets
        self.tested = tested
    }

    func module(_ name: String) -> Module? { modules.first { $0.name == name } }

    private static func mentions(_ list: String, after label: String, in line: String) -> Bool {
        guard let start = line.firstRange(of: label) else { return false }
        let words = line[start.upperBound...].split { !$0.isLetter }
        return words.contains(Substring(list))
    }

    /// The string literals of a line, which has no escapes.
    private static func strings(in line: Substring) -> [String] {
        line.split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}
