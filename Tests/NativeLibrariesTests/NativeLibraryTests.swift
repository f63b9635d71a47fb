import Errors
internal import FoundationEssentials
internal import Glibc
import NativeLibraries
import Testing

@Suite struct NativeLibraryTests {
    private func library(folder: String, override: String? = nil) -> NativeLibrary {
        NativeLibrary(
            name: "Thing", variable: "THING_LIBRARY", fileName: "libthing.so", cacheFolder: "thing", executableFolder: folder,
            environment: { $0 == "THING_LIBRARY" ? override : nil })
    }

    /// A folder with an installed copy, and a cached copy two levels above the executable.
    private func makeTree() throws -> String {
        var name = Array("/tmp/jidoka-native-XXXXXX".utf8CString)
        let root = try #require(mkdtemp(&name).map { String(cString: $0) })
        for folder in ["build", "build/release", "build/lib", "build/lib/jidoka", ".cache", ".cache/native", ".cache/native/thing"] {
            mkdir("\(root)/\(folder)", 0o755)
        }
        for file in ["build/lib/jidoka/libthing.so", ".cache/native/thing/libthing.so"] {
            close(open("\(root)/\(file)", O_CREAT | O_WRONLY, 0o644))
        }
        return root
    }

    @Test func `the variable comes alone`() {
        #expect(library(folder: "/nowhere", override: "/opt/x.so").candidates() == ["/opt/x.so"])
    }

    @Test func `an empty variable is as good as none`() {
        #expect(library(folder: "/nowhere", override: "").candidates() == ["libthing.so"])
    }

    @Test func `the system's library comes before the installed one and the cached one`() throws {
        let root = try makeTree()
        defer { try? FileManager.default.removeItem(atPath: root) }
        let found = library(folder: "\(root)/build/release").candidates()
        #expect(
            found == ["libthing.so", "\(root)/build/release/../lib/jidoka/libthing.so", "\(root)/.cache/native/thing/libthing.so"])
    }

    @Test func `the first candidate that opens wins`() throws {
        let root = try makeTree()
        defer { try? FileManager.default.removeItem(atPath: root) }
        let opened = try library(folder: "\(root)/build/release").load { $0 == "libthing.so" ? "not found" : nil }
        #expect(opened.hasSuffix("lib/jidoka/libthing.so"))
    }

    @Test func `an absent library says what was tried and what to do`() {
        let error = #expect(throws: JidokaError.self) { try library(folder: "/nowhere").load { _ in "no such file" } }
        #expect(error?.code == .unavailable)
        #expect(error?.message == "Thing could not be loaded: `libthing.so`: no such file")
        #expect(error?.hint == "run `scripts/setup native`, or let THING_LIBRARY name the library's file")
    }

    @Test func `a wrong variable says that it is set`() {
        let error = #expect(throws: JidokaError.self) { try library(folder: "/nowhere", override: "/x").load { _ in "no such file" } }
        #expect(error?.hint?.hasPrefix("THING_LIBRARY is set") == true)
    }
}
