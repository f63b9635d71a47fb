/// Which floor may import which. Folders are floors; arrows only go down.
enum ArrowRules {
    /// What an area may import of Kit.
    static let basics: Set<String> = ["Errors", "Clockwork", "JSON", "Events", "Statistics", "Telemetry", "Filters"]
    /// Modules of Swift itself that every floor may import.
    static let language: Set<String> = ["Swift", "Synchronization"]
    /// The floors whose modules a file of a floor may import.
    static let below: [String: Set<String>] = [
        "Kit": ["C", "Kit"], "Areas": ["Kit"], "Backends": ["Kit", "Areas"], "API": ["Kit", "Areas"],
        "App": ["Kit", "Areas", "Backends", "API", "App"], "Conformance": ["Kit", "Areas"],
    ]
    /// Modules of the system, by floor.
    static let system: [String: Set<String>] = [
        "Kit": ["Glibc", "Dispatch", "FoundationEssentials"], "Areas": [], "Backends": ["Glibc", "Dispatch", "FoundationEssentials"],
        "API": [],
        "App": ["Glibc", "Dispatch", "FoundationEssentials"], "Conformance": ["Glibc"],
    ]

    struct Import: Equatable {
        var module: String
        var access: String
        var line: Int
    }

    /// The import lines of a file.
    static func imports(_ code: SwiftCode) -> [Import] {
        code.lines.enumerated().compactMap { index, line in
            var words = line.split(whereSeparator: \.isWhitespace)
            while let first = words.first, first.hasPrefix("@") { words.removeFirst() }
            guard let position = words.firstIndex(of: "import"), position <= 1, position + 1 < words.count else { return nil }
            let access = position == 1 ? String(words[0]) : "internal"
            guard ["internal", "package", "public", "private", "fileprivate"].contains(access) else { return nil }
            let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            let name = kinds.contains(words[position + 1]) && position + 2 < words.count ? words[position + 2] : words[position + 1]
            return Import(module: name.split(separator: ".").first.map(String.init) ?? String(name), access: access, line: index + 1)
        }
    }

    /// The wrong arrows of one source file.
    static func violations(path: String, code: SwiftCode, manifest: Manifest) -> [Violation] {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count >= 3, parts[0] == "Sources" else { return [] }
        let floor = parts[1]
        let target = floor == "Conformance" ? "Conformance" : parts[2]
        let declared = manifest.module(target)?.uses ?? (target == "jidoka" ? ["Commands"] : [])
        return imports(code).flatMap { found in
            problems(found, floor: floor, target: target, declared: declared, manifest: manifest).map {
                Violation(file: path, line: found.line, rule: "import", what: $0)
            }
        }
    }

    private static func problems(_ found: Import, floor: String, target: String, declared: Set<String>, manifest: Manifest) -> [String] {
        let name = found.module
        if language.contains(name) { return [] }
        if manifest.cTargets.contains(name) {
            guard floor == "Kit" else { return ["`\(name)` is a C library: call its Kit wrapper instead"] }
            if found.access == "package" || found.access == "public" {
                return ["write `internal import \(name)`: no C type leaves its wrapper"]
            }
            return declared.contains(name) ? [] : ["`\(target)` does not list `\(name)` in Package.swift"]
        }
        guard let module = manifest.module(name) else {
            if system[floor]?.contains(name) == true { return [] }
            let instead = name == "Foundation" && floor != "Areas" && floor != "API" ? ": use `FoundationEssentials` or Glibc" : ""
            return ["`\(floor)` may not import `\(name)`\(instead)"]
        }
        guard below[floor]?.contains(module.floor) == true else {
            return ["an arrow goes the wrong way: `\(floor)/\(target)` may not import `\(name)` of `\(module.floor)`"]
        }
        if floor == "Areas", !basics.contains(name) {
            return [
                "an area imports only \(basics.sorted().joined(separator: ", ")): declare what it needs of `\(name)` as its own protocol"
            ]
        }
        return declared.contains(name) ? [] : ["`\(target)` does not list `\(name)` in Package.swift"]
    }

    /// C targets that more than one Kit module lists.
    static func sharedCTargets(_ manifest: Manifest) -> [Violation] {
        manifest.cTargets.sorted().compactMap { c in
            let wrappers = manifest.modules.filter { $0.uses.contains(c) }
            guard wrappers.count > 1 else { return nil }
            let names = wrappers.map { "`\($0.name)`" }.joined(separator: " and ")
            return Violation(
                file: "Package.swift", line: wrappers[1].line, rule: "import", what: "`\(c)` has one wrapper, but \(names) list it")
        }
    }
}
