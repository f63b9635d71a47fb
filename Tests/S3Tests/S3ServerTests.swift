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
    static func with(_ body: (S3Client, S3Objects, String) async throws -> Void) async throws {
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
        try await S3ServerTests.with { client, store, folder in
            for check in ObjectStoreContract.checks {
                do { try await check.run(store) } catch { Issue.record("\(check.name): \(error)") }
                for object in try await client.list(prefix: "", after: nil, limit: 1_000) { try await client.delete(object.key) }
                try FileManager.default.removeItem(atPath: folder)
                _ = try BlobStore(folder: folder)
            }
        }
    }

    @Test func `a large object goes up in parts and comes down in ranges, without a copy on this machine`() async throws {
        try await S3ServerTests.with { client, store, folder in
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
        try await S3ServerTests.with { client, store, folder in
            let stored = try await ObjectStoreContract.put([1, 2, 3], store)
            try FileManager.default.removeItem(atPath: folder)
            _ = try BlobStore(folder: folder)
            try await client.put(store.key(stored.digest), [1, 9, 3])
            await #expect(throws: JidokaError.self) { try await ObjectStoreContract.read(stored.digest, store) }
            await #expect(throws: JidokaError.self) { try await store.file(stored.digest, expectedSize: 3) }
        }
    }

    @Test func `a part that fails gives the whole upload up`() async throws {
        try await S3ServerTests.with { client, _, _ in
            await #expect(throws: JidokaError.self) {
                try await client.put("k", file: "/nonexistent/file", size: 40 << 20, digest: SHA256.hex([]))
            }
            let answer = try await client.send("list uploads", "GET", key: nil, query: [(name: "uploads", value: "")])
            #expect(S3Answers.each("Upload", in: answer.text).isEmpty)
        }
    }
}

/// What clients send to and read from the bucket itself; same server as above.
@Suite(.serialized) struct S3DirectTransferTests {
    private static let partBytes = 5 << 20
    private let web = OutboundClient(pool: BlockingPool(threads: 2))

    /// Puts a content in two parts by the addresses, as a client does.
    private func upload(_ content: [UInt8], _ direct: any DirectTransfers, _ label: String) async throws -> (String, [DirectPart]) {
        let upload = try await direct.begin(label, parts: 2)
        var parts: [DirectPart] = []
        let cut = S3DirectTransferTests.partBytes
        for (index, piece) in [Array(content[..<cut]), Array(content[cut...])].enumerated() {
            let answer = try await web.send(OutboundRequest("PUT", upload.addresses[index], body: .bytes(piece)))
            try #require(answer.isSuccess, "\(answer.text)")
            parts.append(DirectPart(number: index + 1, tag: try #require(answer.header("etag"))))
        }
        return (upload.id, parts)
    }

    private let content = (0..<(S3DirectTransferTests.partBytes + 1_234)).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 9) }

    private func code(_ body: () async throws -> Void) async -> ErrorCode? {
        do { try await body() } catch let error as JidokaError { return error.code } catch {}
        return nil
    }

    @Test func `what came in parts is kept under its own digest, however often it is completed`() async throws {
        try await S3ServerTests.with { client, store, _ in
            let direct = try #require(store.direct)
            let (id, parts) = try await upload(content, direct, "1/a.bin")
            #expect(await code { _ = try await direct.complete(id, label: "1/b.bin", parts, maximumSize: .max) } == .notFound)
            async let one = direct.complete(id, label: "1/a.bin", parts, maximumSize: .max)
            async let two = direct.complete(id, label: "1/a.bin", parts, maximumSize: .max)
            let stored = try await [one, two, direct.complete(id, label: "1/a.bin", parts, maximumSize: .max)]
            #expect(Set(stored.map(\.digest.hex)) == [SHA256.hex(content)] && stored.allSatisfy { $0.size == Int64(content.count) })
            #expect(try await ObjectStoreContract.read(stored[0].digest, store) == content)
            let again = try await upload(content, direct, "1/a.bin")
            #expect(try await !direct.complete(again.0, label: "1/a.bin", again.1, maximumSize: .max).isNew)
            let left = try await client.list(prefix: "some/prefix/staged/", after: nil, limit: 10).map(\.key)
            #expect(left.count == 2 && left.allSatisfy { $0.hasSuffix(".done") })
        }
    }

    @Test func `what is not an upload is refused, and what is given up is gone`() async throws {
        try await S3ServerTests.with { client, store, _ in
            let direct = try #require(store.direct)
            for id in ["", "x", ".x", "a.", "a/b.c", "../x.y", "nobody.nothing"] {
                #expect(await code { _ = try await direct.complete(id, label: "1/a", [], maximumSize: .max) } == .notFound, "\(id)")
            }
            for parts in [0, -1, 10_001] { #expect(await code { _ = try await direct.begin("1/a", parts: parts) } == .invalidArgument) }
            let (id, parts) = try await upload(content, direct, "1/a")
            let wrong = [DirectPart(number: 1, tag: "\"0123\""), parts[1]]
            #expect(await code { _ = try await direct.complete(id, label: "1/a", wrong, maximumSize: .max) } == .invalidArgument)
            try await direct.abort(id, label: "1/a")
            try await direct.abort(id, label: "1/a")
            #expect(await code { _ = try await direct.complete(id, label: "1/a", parts, maximumSize: .max) } == .notFound)
            let large = try await upload(content, direct, "1/a")
            #expect(await code { _ = try await direct.complete(large.0, label: "1/a", large.1, maximumSize: 10) } == .exhausted)
            _ = try await direct.begin("1/a", parts: 1)
            #expect(try await direct.sweep(begunBefore: Timestamp(microseconds: 0)) == 0)
            #expect(try await direct.sweep(begunBefore: Timestamp(microseconds: 4_000_000_000_000_000)) == 1)
            #expect(try await client.uploads(prefix: "some/prefix/staged/").isEmpty)
            #expect(try await client.list(prefix: "some/prefix/staged/", after: nil, limit: 10).isEmpty)
        }
    }

    @Test func `an address for reading gives the bytes under a name`() async throws {
        try await S3ServerTests.with { _, store, _ in
            let direct = try #require(store.direct)
            let stored = try await ObjectStoreContract.put([1, 2, 3], store)
            let address = try await direct.address(
                stored.digest, disposition: "attachment; filename=\"a b.bin\"", type: "image/png", seconds: 60)
            let answer = try await web.send(OutboundRequest("GET", address))
            #expect(answer.body == [1, 2, 3] && answer.header("content-disposition") == "attachment; filename=\"a b.bin\"")
            for seconds in [0, 604_801] {
                #expect(
                    await code { _ = try await direct.address(stored.digest, disposition: "", type: "", seconds: seconds) }
                        == .invalidArgument)
            }
        }
    }

    @Test func `clients may reach the bucket by another address than the server`() throws {
        let location = try S3Location(url: "s3://bucket/p", environment: ["AWS_ENDPOINT_URL": "http://minio:9000"])
        let client = S3Client(
            location: location, outside: try S3Location(url: "s3://bucket/p", environment: ["AWS_ENDPOINT_URL": "https://files.example"]),
            credentials: S3Credentials(accessKey: "A", secretKey: "s"), client: web, time: SystemTime())
        #expect(client.presigned("GET", key: "k", seconds: 5).hasPrefix("https://files.example/bucket/k?"))
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
