import Blobs
import Clockwork
import Conformance
import Digests
import Errors
import Foundation
import Outbound
import Testing

@testable import S3

/// Against moto's S3 server (.cache/venv-s3, made by scripts/setup), which keeps objects, parts and ranges as S3 does but checks no
/// signatures: SignatureTests does that.
@Suite(.serialized) struct S3ServerTests {
    private func with(_ body: (S3Client, S3Objects, String) async throws -> Void) async throws {
        let server = try await MotoServer()
        defer { server.stop() }
        let location = try S3Location(url: "s3://bucket/some/prefix", environment: ["AWS_ENDPOINT_URL": server.url])
        let client = S3Client(
            location: location, credentials: S3Credentials(accessKey: "AKIDEXAMPLE", secretKey: "secret"),
            client: OutboundClient(pool: BlockingPool(threads: 8)), time: SystemTime(), pause: .milliseconds(1))
        _ = try await client.send("make the bucket", "PUT", key: nil)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jidoka-s3-\(SystemIDs().next())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = S3Objects(
            client: client, cache: try BlobStore(folder: folder, isDurable: false), pool: BlockingPool(threads: 4))
        try await store.check()
        try await body(client, store, folder)
    }

    @Test func `a bucket keeps the contract of object stores`() async throws {
        try await with { client, store, folder in
            for check in ObjectStoreContract.checks {
                do { try await check.run(store) } catch { Issue.record("\(check.name): \(error)") }
                for object in try await client.list(prefix: "", after: nil, limit: 1_000) { try await client.delete(object.key) }
                try FileManager.default.removeItem(atPath: folder)
                _ = try BlobStore(folder: folder)
            }
        }
    }

    @Test func `a large object goes up in parts and comes down in ranges, without a copy on this machine`() async throws {
        try await with { client, store, folder in
            let content = (0..<(40 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 10) }
            let stored = try await ObjectStoreContract.put(content, store)
            try FileManager.default.removeItem(atPath: folder)
            _ = try BlobStore(folder: folder)
            #expect(try await ObjectStoreContract.read(stored.digest, store) == content)
            #expect(try await store.fileAtHand(stored.digest) == nil)
            let path = try await store.file(stored.digest, expectedSize: stored.size)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(content))
            let answer = try await client.send("list uploads", "GET", key: nil, query: [(name: "uploads", value: "")])
            #expect(S3Answers.each("Upload", in: answer.text).isEmpty)
        }
    }

    @Test func `a byte that changed in the bucket is an error`() async throws {
        try await with { client, store, folder in
            let stored = try await ObjectStoreContract.put([1, 2, 3], store)
            try FileManager.default.removeItem(atPath: folder)
            _ = try BlobStore(folder: folder)
            try await client.put(store.key(stored.digest), [1, 9, 3])
            await #expect(throws: JidokaError.self) { try await ObjectStoreContract.read(stored.digest, store) }
            await #expect(throws: JidokaError.self) { try await store.file(stored.digest, expectedSize: 3) }
        }
    }

    @Test func `a part that fails gives the whole upload up`() async throws {
        try await with { client, _, _ in
            await #expect(throws: JidokaError.self) {
                try await client.put("k", file: "/nonexistent/file", size: 40 << 20, digest: SHA256.hex([]))
            }
            let answer = try await client.send("list uploads", "GET", key: nil, query: [(name: "uploads", value: "")])
            #expect(S3Answers.each("Upload", in: answer.text).isEmpty)
        }
    }
}

/// moto's server as a child of the test, on a port of its own choice.
final class MotoServer {
    let url: String
    private let process = Process()

    init() async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let python = root.appendingPathComponent(".cache/venv-s3/bin/python")
        try #require(FileManager.default.isExecutableFile(atPath: python.path), "`scripts/setup test` makes it")
        let output = Pipe()
        process.executableURL = python
        process.arguments = [
            "-u", "-c",
            """
            import sys, threading
            from moto.server import ThreadedMotoServer
            server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
            server.start()
            print(server.get_host_and_port()[1], flush=True)
            sys.stdin.read()
            server.stop()
            """,
        ]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        // Ends with the test's process: nothing is ever written to its input.
        process.standardInput = Pipe()
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        let port = try #require(Int(line.split(whereSeparator: \.isNewline).last.map(String.init) ?? ""))
        url = "http://127.0.0.1:\(port)"
    }

    /// Foundation's own wait for the end hangs off the main thread; the child also ends by itself when its input closes.
    func stop() { kill(process.processIdentifier, SIGKILL) }
}
