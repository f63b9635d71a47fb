import FoundationEssentials
import Git
import Glibc
import Testing

/// A folder of its own for one test, filled with the `git` program and removed afterwards.
final class ScratchRepository {
    let path: String

    init() throws {
        var template = Array("\(FileManager.default.temporaryDirectory.path)/jidoka-git-XXXXXX".utf8CString)
        let made = mkdtemp(&template)
        try #require(made != nil)
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func git(_ arguments: String) throws {
        let identity = "-c user.name=Tester -c user.email=tester@example.com -c commit.gpgsign=false"
        let status = system("cd '\(path)' && git \(identity) \(arguments) >git-output.ignored 2>&1")
        try #require(status == 0, "git \(arguments) failed in \(path)")
    }

    func write(_ name: String, _ text: String) throws {
        let file = "\(path)/\(name)"
        if let slash = file.lastIndex(of: "/") {
            try FileManager.default.createDirectory(atPath: String(file[..<slash]), withIntermediateDirectories: true)
        }
        try Data(text.utf8).write(to: URL(filePath: file))
    }

    func begin() throws {
        try write(".gitignore", "*.ignored\n")
        try git("init -q -b main")
    }
}

struct WorkTreeTests {
    @Test func `a path outside any repository has no facts`() throws {
        let scratch = try ScratchRepository()
        #expect(try WorkTree.containing(scratch.path) == nil)
        #expect(try WorkTree.containing(scratch.path + "/absent") == nil)
    }

    @Test func `before the first commit there is a branch and no commit`() throws {
        let scratch = try ScratchRepository()
        try scratch.begin()
        let facts = try #require(try WorkTree.containing(scratch.path))
        #expect(facts.commit == nil)
        #expect(facts.branch == "main")
        #expect(facts.changes == WorkTree.Changes(untracked: 1))
    }

    @Test func `a clean tree gives its commit and is not dirty`() throws {
        let scratch = try ScratchRepository()
        try scratch.begin()
        try scratch.git("add -A")
        try scratch.git("commit -qm first")
        let facts = try #require(try WorkTree.containing(scratch.path))
        #expect(facts.commit?.count == 40)
        #expect(!facts.isDirty)
        #expect(facts.remote == nil)
    }

    @Test func `staged, modified and untracked files are counted apart and ignored ones not at all`() throws {
        let scratch = try ScratchRepository()
        try scratch.begin()
        try scratch.write("a.txt", "1")
        try scratch.write("b.txt", "1")
        try scratch.git("add -A")
        try scratch.git("commit -qm first")
        try scratch.write("a.txt", "22")
        try scratch.git("add a.txt")
        try scratch.write("b.txt", "22")
        try scratch.write("new/file.txt", "1")
        try scratch.write("x.ignored", "1")
        let facts = try #require(try WorkTree.containing(scratch.path))
        #expect(facts.changes == WorkTree.Changes(staged: 1, modified: 1, untracked: 1))
        #expect(facts.isDirty)
    }

    @Test func `a folder below the root and a file find the same tree`() throws {
        let scratch = try ScratchRepository()
        try scratch.begin()
        try scratch.write("deep/down/file.txt", "1")
        let top = try #require(try WorkTree.containing(scratch.path))
        #expect(try WorkTree.containing(scratch.path + "/deep/down")?.root == top.root)
        #expect(try WorkTree.containing(scratch.path + "/deep/down/file.txt")?.root == top.root)
        #expect(top.root.hasSuffix(scratch.path.split(separator: "/").last ?? "?"))
    }

    @Test func `a detached head has a commit and no branch`() throws {
        let scratch = try ScratchRepository()
        try scratch.begin()
        try scratch.git("add -A")
        try scratch.git("commit -qm first")
        try scratch.git("checkout -q --detach")
        let facts = try #require(try WorkTree.containing(scratch.path))
        #expect(facts.branch == nil)
        #expect(facts.commit != nil)
    }

    @Test(arguments: [
        ("https://alice:secret@example.com/team/line.git", "https://example.com/team/line.git"),
        ("https://example.com/team/line@2.git", "https://example.com/team/line@2.git"),
        ("git@example.com:team/line.git", "git@example.com:team/line.git"),
    ])
    func `the remote is given without user name and password`(url: String, shown: String) throws {
        let scratch = try ScratchRepository()
        try scratch.begin()
        try scratch.git("remote add backup https://example.com/other.git")
        try scratch.git("remote add origin '\(url)'")
        #expect(try WorkTree.containing(scratch.path)?.remote == shown)
    }

    @Test func `a bare repository has no work tree`() throws {
        let scratch = try ScratchRepository()
        try scratch.git("init -q --bare store.git")
        #expect(try WorkTree.containing(scratch.path + "/store.git") == nil)
    }

    @Test func `a tree of another owner is read`() throws {
        let scratch = try ScratchRepository()
        try scratch.begin()
        guard getuid() == 0 else { return }  // only root can give a folder away
        #expect(chown(scratch.path, 12_345, 12_345) == 0)
        #expect(chown(scratch.path + "/.git", 12_345, 12_345) == 0)
        #expect(try WorkTree.containing(scratch.path)?.branch == "main")
    }
}
