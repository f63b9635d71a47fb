import Testing

struct ArrowTests {
    private static let manifest = Manifest(
        """
        let c: [Target] = [
            systemLibrary("CYAML", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),
            .target(name: "CDuckDB", path: "Sources/C/CDuckDB"),
        ]
        module("Kit", "Errors", "Errors."),
        module("Kit", "YAML", "YAML.", uses: ["Errors", "CYAML"]),
        module("Kit", "SQL", "SQL.", uses: ["Errors"]),
        let basics = ["Errors"]
        module("Areas", "Tracking", "Runs.", uses: basics),
        module("Areas", "Registry", "Models.", uses: basics + ["Tracking", "SQL"]),
        module("Backends", "Stores", "Stores.", uses: basics + ["SQL", "Tracking"]),
        module("API", "Wire", "Wire.", uses: basics + ["Tracking", "Stores"]),
        module("App", "Server", "Server.", uses: (kit + areas + backends + api).map(\\.name)),
        tests("Tidy"), tests("Errors"), tests("YAML", uses: ["Errors"]),
        """)

    private func found(_ path: String, _ text: String) -> [String] {
        ArrowRules.violations(path: path, code: SwiftCode(text), manifest: ArrowTests.manifest).map(\.description)
    }

    @Test func `the manifest is read as a table`() {
        let manifest = ArrowTests.manifest
        #expect(manifest.cTargets == ["CYAML", "CDuckDB"])
        #expect(manifest.module("Stores")?.uses == ["Errors", "SQL", "Tracking"])
        #expect(manifest.module("Server")?.uses == ["Errors", "YAML", "SQL", "Tracking", "Registry", "Stores", "Wire"])
        #expect(manifest.tested == ["Tidy", "Errors", "YAML"])
    }

    @Test(arguments: [
        ("Sources/Kit/YAML/A.swift", "internal import CYAML\npackage import Errors\nimport Glibc\n"),
        ("Sources/Areas/Tracking/A.swift", "import Synchronization\npackage import Errors\n// import Foundation\n"),
        ("Sources/Backends/Stores/A.swift", "import SQL\n@preconcurrency import Tracking\nimport struct Errors.JidokaError\n"),
        ("Sources/App/Server/A.swift", "import Stores\nimport Wire\nimport FoundationEssentials\n"),
    ])
    func `arrows that go down pass`(path: String, text: String) { #expect(found(path, text) == []) }

    @Test(arguments: [
        ("Sources/Kit/SQL/A.swift", "import Tracking\n", "may not import `Tracking` of `Areas`"),
        ("Sources/Kit/SQL/A.swift", "internal import CYAML\n", "`SQL` does not list `CYAML`"),
        ("Sources/Kit/YAML/A.swift", "package import CYAML\n", "write `internal import CYAML`"),
        ("Sources/Kit/YAML/A.swift", "import Foundation\n", "use `FoundationEssentials`"),
        ("Sources/Kit/Errors/A.swift", "import SQL\n", "`Errors` does not list `SQL`"),
        ("Sources/Areas/Tracking/A.swift", "import FoundationEssentials\n", "`Areas` may not import `FoundationEssentials`"),
        ("Sources/Areas/Registry/A.swift", "import Tracking\n", "may not import `Tracking` of `Areas`"),
        ("Sources/Areas/Registry/A.swift", "import SQL\n", "an area imports only"),
        ("Sources/Areas/Tracking/A.swift", "import CYAML\n", "call its Kit wrapper"),
        ("Sources/Backends/Stores/A.swift", "import Wire\n", "may not import `Wire` of `API`"),
        ("Sources/API/Wire/A.swift", "import Stores\n", "may not import `Stores` of `Backends`"),
    ])
    func `arrows that go up or sideways are refused with their line`(path: String, text: String, what: String) {
        let all = found(path, text)
        #expect(all.count == 1)
        #expect(all.first?.hasPrefix("\(path):1: ") == true)
        #expect(all.first?.contains(what) == true, "\(all)")
    }

    @Test func `a C library with two wrappers is refused`() {
        let twice = Manifest(
            """
            systemLibrary("CX", pkgConfig: "x")
            module("Kit", "A", "A.", uses: ["CX"]),
            module("Kit", "B", "B.", uses: ["CX"]),
            """
        )
        #expect(ArrowRules.sharedCTargets(twice).map(\.line) == [3])
    }

    // MARK: The repository itself

    @Test func `every import of the sources goes down and is declared`() throws {
        let manifest = Manifest(try Repository.text("Package.swift"))
        #expect(manifest.modules.count > 30, "Package.swift has another shape: teach `Manifest` to read it")
        expectNone(Repository.sources.flatMap { ArrowRules.violations(path: $0.path, code: $0.code, manifest: manifest) })
    }

    @Test func `every C library has one wrapper`() throws {
        expectNone(ArrowRules.sharedCTargets(Manifest(try Repository.text("Package.swift"))))
    }

    @Test func `every module has a sentence, a folder and tests`() throws {
        let manifest = Manifest(try Repository.text("Package.swift"))
        for module in manifest.modules {
            let place = "Package.swift:\(module.line)"
            #expect(module.purpose.hasSuffix("."), "\(place): the purpose of `\(module.name)` is not a sentence")
            let folder = module.floor.isEmpty ? "Sources/\(module.name)/" : "Sources/\(module.floor)/\(module.name)/"
            #expect(Repository.sources.contains { $0.path.hasPrefix(folder) }, "\(place): `\(folder)` has no Swift file")
            if module.name != "Conformance" {
                #expect(manifest.tested.contains(module.name), "\(place): `\(module.name)` has no tests: add tests(\"\(module.name)\")")
            }
        }
    }

    @Test func `every folder of sources is a target of its floor`() throws {
        let manifest = Manifest(try Repository.text("Package.swift"))
        let known = Set(manifest.modules.map { $0.floor.isEmpty ? $0.name : "\($0.floor)/\($0.name)" })
        for file in Repository.sources {
            let parts = file.path.split(separator: "/").map(String.init)
            if parts[1] == "C" { continue }
            let place = parts[1] == "Conformance" ? "Conformance" : "\(parts[1])/\(parts[2])"
            #expect(known.contains(place) || place == "App/jidoka", "\(file.path): no target in Package.swift has this folder")
        }
    }
}
