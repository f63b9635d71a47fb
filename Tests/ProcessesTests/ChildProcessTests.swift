import Clockwork
import Errors
import Foundation
import Processes
import Testing

struct ChildProcessTests {
    private let folder: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("jidoka-process-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        folder = url.path
    }

    private func spawn(_ arguments: [String]) throws -> ChildProcess {
        try ChildProcess.spawn(
            arguments: arguments, environment: ["PATH": "/usr/bin:/bin", "WORD": "a b"], folder: folder, log: folder + "/log")
    }

    @Test func `the exit status and both outputs are kept`() throws {
        #expect(try spawn(["sh", "-c", "echo $WORD; echo err >&2; pwd; exit 7"]).wait() == 7)
        #expect(try String(contentsOfFile: folder + "/log", encoding: .utf8) == "a b\nerr\n\(folder)\n")
    }

    @Test func `a signal reaches the whole group and shows in the status`() throws {
        let child = try spawn(["sh", "-c", "sleep 100 & echo $! > part; mv part pid; wait"])
        while !FileManager.default.fileExists(atPath: folder + "/pid") { sched_yield() }
        child.signal(SIGTERM)
        #expect(child.wait() == 128 + 15)
        let grandchild =
            Int32(try String(contentsOfFile: folder + "/pid", encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
        #expect(grandchild > 1)
        var gone = false
        for _ in 0..<2_000_000 where !gone {
            gone =
                kill(grandchild, 0) != 0
                || (try? String(contentsOfFile: "/proc/\(grandchild)/stat", encoding: .utf8))?.contains(") Z") == true
        }
        #expect(gone)
    }

    @Test func `a missing program is named`() {
        #expect(throws: JidokaError.self) { try spawn(["no-such-program"]) }
    }
}
