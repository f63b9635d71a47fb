import FoundationEssentials
import Glibc
import Synchronization

/// A text file of the repository.
final class TextFile: Sendable {
    /// Relative to the root: `Sources/Kit/YAML/YAMLNode.swift`.
    let path: String
    let text: String
    private let scanned = Mutex<SwiftCode?>(nil)

    init(path: String, text: String) {
        self.path = path
        self.text = text
    }

    /// The text as Swift code, scanned once for all tests.
    var code: SwiftCode {
        scanned.withLock { known in
            if let known { return known }
            let code = SwiftCode(text)
            known = code
            return code
        }
    }

    /// Whether the text holds the word anywhere: a quick look that spares the slow one.
    func mentions(_ word: String) -> Bool { strstr(text, word) != nil }

    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
    var folders: [String] { path.split(separator: "/").dropLast().map(String.init) }
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
}

/// The work tree that these tests stand in.
enum Repository {
    static let root: String = {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(3)  // Tests/TidyTests/Repository.swift
        return parts.joined(separator: "/")
    }()

    /// What `.gitignore` names and what tools leave behind.
    private static let skippedFolders: Set<String> = [
        ".git", ".build", ".swiftpm", ".cache", ".jidoka", ".venv", ".venv-test", "vendor", "node_modules", "__pycache__", ".pytest_cache",
    ]
    private static let textEndings: Set<String> = [
        "swift", "c", "h", "cpp", "md", "py", "sh", "yaml", "yml", "json", "txt", "toml", "lock", "cfg", "html", "js", "css", "proto",
        "modulemap",
        "test", "lua", "gitignore", "editorconfig", "swift-format", "ini",
    ]

    /// Every text file that could be committed, sorted by path.
    static let files: [TextFile] = {
        var found: [TextFile] = []
        var folders = [""]
        while let folder = folders.popLast() {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? [] {
                if skippedFolders.contains(name) || name.hasPrefix(".venv") { continue }
                var isFolder = false
                _ = FileManager.default.fileExists(atPath: "\(root)/\(folder)\(name)", isDirectory: &isFolder)
                if isFolder {
                    folders.append("\(folder)\(name)/")
                } else if isText(folder: folder, name: name), let bytes = FileManager.default.contents(atPath: "\(root)/\(folder)\(name)") {
                    found.append(TextFile(path: folder + name, text: String(decoding: bytes, as: UTF8.self)))
                }
            }
        }
        return found.sorted { $0.path < $1.path }
    }()

    private static func isText(folder: String, name: String) -> Bool {
        let ending = name.split(separator: ".").last.map(String.init) ?? ""
        let isScript = !name.contains(".") && (folder.hasPrefix("scripts/") || folder.hasPrefix("Benchmarks/") || folder.hasPrefix(".ci/"))
        return isScript || textEndings.contains(ending) || name == "Makefile"
    }

    static let sources: [TextFile] = files.filter { $0.path.hasPrefix("Sources/") && $0.path.hasSuffix(".swift") }
    static let tests: [TextFile] = files.filter { $0.path.hasPrefix("Tests/") && $0.path.hasSuffix(".swift") }

    static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: "\(root)/\(path)")), as: UTF8.self)
    }
}
