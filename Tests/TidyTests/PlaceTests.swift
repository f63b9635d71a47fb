import Testing

/// Places that exist on one machine only.
enum PlaceRules {
    /// Written in pieces so that this file passes its own test.
    private static let folders = ["work", "root"].map { "/" + $0 + "/" }
    private static let hosts = [
        ["pypi", "org"], ["pythonhosted", "org"], ["deb", "debian", "org"], ["registry", "npmjs", "org"], ["proxy", "golang", "org"],
        ["crates", "io"], ["ghcr", "io"], ["docker", "io"], ["conda", "anaconda", "org"],
    ].map { $0.joined(separator: ".") }

    static func violations(_ file: TextFile) -> [Violation] {
        guard (folders + hosts).contains(where: file.mentions) else { return [] }
        return file.lines.enumerated().compactMap { index, line in
            for folder in folders where startsPath(folder, in: line) {
                return Violation(
                    file: file.path, line: index + 1, rule: "place",
                    what: "`\(folder)` is a folder of one machine: use a path relative to the root")
            }
            for host in hosts where line.firstRange(of: host) != nil {
                return Violation(
                    file: file.path, line: index + 1, rule: "place", what: "`\(host)` is named: ordinary clients know their registry")
            }
            return nil
        }
    }

    /// Whether the folder stands at the beginning of a path: after a blank or a quote, not after another folder.
    private static func startsPath(_ folder: String, in line: Substring) -> Bool {
        var rest = line
        while let range = rest.firstRange(of: folder) {
            let before = line[..<range.lowerBound].last
            if before.map({ !$0.isLetter && !$0.isNumber && !"_-.})/]*".contains($0) }) ?? true { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }
}

struct PlaceTests {
    @Test func `a path or a host of one machine is found with its line`() {
        let text = "one\ncd /\("work")/main\nfetch https://\("pypi").org/simple\n\"/\("root")/x\"\n"
        #expect(PlaceRules.violations(TextFile(path: "a.md", text: text)).map(\.line) == [2, 3, 4])
    }

    @Test func `the same words inside other paths are fine`() {
        let text = "docs/\("work")/x and ${HOME}/\("root")/x, a workshop\n"
        #expect(PlaceRules.violations(TextFile(path: "a.md", text: text)) == [])
    }

    // MARK: The repository itself

    @Test func `no file names a place of one machine`() {
        #expect(Repository.files.count > 100)
        for file in Repository.files { expectNone(PlaceRules.violations(file)) }
    }
}
