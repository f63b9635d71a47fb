import FoundationEssentials
import Glibc
import Testing

struct ModuleMapTests {
    @Test func `the module map of ARCHITECTURE_md is the manifest's`() {
        let status = system("cd '\(Repository.root)' && python3 scripts/module-map --check")
        #expect(status == 0, "ARCHITECTURE.md: the module map is stale: run `make docs`")
    }

    @Test func `the map names every module with its sentence`() throws {
        let page = try Repository.text("ARCHITECTURE.md")
        for module in Manifest(try Repository.text("Package.swift")).modules {
            #expect(page.contains("`\(module.name)`"), "ARCHITECTURE.md: `\(module.name)` is missing: run `make docs`")
            #expect(page.contains(module.purpose), "ARCHITECTURE.md: the sentence of `\(module.name)` is missing: run `make docs`")
        }
    }
}
