import Blobs
import Clockwork
import Digests
import Errors
import FileStores
import Foundation
import SQL
import SQLStores
import Synchronization
import Telemetry
import Testing
import Tracking

@Suite struct ArtifactStoreTests {
    struct Fixture {
        let folder: URL
        let database: Database
        let blobs: BlobStore
        let store: FileArtifactStore
        let pool = BlockingPool(threads: 2)

        init() async throws {
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("jidoka-artifacts-\(UInt64.random(in: 0 ... .max))")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            database = try Database(path: folder.appendingPathComponent("test.db").path, metrics: MetricsRegistry())
            try await database.migrate(EventSchema.migrations + TrackingSchema.migrations)
            blobs = try BlobStore(folder: folder.appendingPathComponent("objects").path)
            store = FileArtifactStore(blobs: blobs, index: SQLArtifactIndex(database: database), pool: pool, time: SystemTime())
        }

        func close() {
            database.close()
            try? FileManager.default.removeItem(at: folder)
        }

        func put(_ path: String, _ bytes: [UInt8]) async throws -> ArtifactEntry {
            try await store.put(try ArtifactPath(path)) { try await $0.write(bytes) }
        }

        func read(_ path: String) async throws -> [UInt8] {
            let all = Mutex<[UInt8]>([])
            try await store.read(try ArtifactPath(path)) { chunk in all.withLock { $0 += chunk } }
            return all.withLock { $0 }
        }
    }

    private func with(_ body: (Fixture) async throws -> Void) async throws {
        let fixture = try await Fixture()
        defer { fixture.close() }
        try await body(fixture)
    }

    @Test func `bytes read back as they were put, in any chunks`() async throws {
        try await with { fixture in
            let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
            let entry = try await fixture.store.put(try ArtifactPath("1/a/big")) { sink in
                var at = 0
                while at < bytes.count {
                    let end = min(bytes.count, at + 70_001)
                    try await sink.write(Array(bytes[at..<end]))
                    at = end
                }
            }
            #expect(entry.size == 3_000_000)
            #expect(entry.digest == SHA256.hex(bytes))
            #expect(try await fixture.read("1/a/big") == bytes)
            _ = try await fixture.put("1/a/empty", [])
            #expect(try await fixture.read("1/a/empty") == [])
        }
    }

    @Test func `equal contents are kept once and replaced pointers keep both contents`() async throws {
        try await with { fixture in
            let first = try await fixture.put("1/a", [1, 2, 3])
            let second = try await fixture.put("2/b", [1, 2, 3])
            #expect(first.digest == second.digest)
            _ = try await fixture.put("1/a", [4])
            #expect(try await fixture.read("1/a") == [4])
            #expect(try await fixture.read("2/b") == [1, 2, 3])
            try await fixture.store.delete(try ArtifactPath("1/a"))
            #expect(try await fixture.store.entry(try ArtifactPath("1/a")) == nil)
            #expect(try await fixture.read("2/b") == [1, 2, 3])
        }
    }

    @Test func `a damaged object is refused, never delivered whole`() async throws {
        try await with { fixture in
            let entry = try await fixture.put("1/a", Array("hello world".utf8))
            let path = fixture.blobs.path(for: try Digest(try #require(entry.digest)))
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            try Data("hellO world".utf8).write(to: URL(fileURLWithPath: path))
            do {
                _ = try await fixture.read("1/a")
                Issue.record("damage was not seen")
            } catch let error as JidokaError { #expect(error.code == .internal) }
        }
    }

    @Test func `an upload that breaks off leaves nothing`() async throws {
        try await with { fixture in
            do {
                _ = try await fixture.store.put(try ArtifactPath("1/a")) { sink in
                    try await sink.write([1])
                    throw CancellationError()
                }
                Issue.record("the upload did not break off")
            } catch is CancellationError {}
            #expect(try await fixture.store.entry(try ArtifactPath("1/a")) == nil)
            let left = try FileManager.default.contentsOfDirectory(atPath: fixture.folder.appendingPathComponent("objects/tmp").path)
            #expect(left.isEmpty)
        }
    }

    @Test func `the content identity depends on paths and bytes, not on order or place`() async throws {
        try await with { fixture in
            for (path, byte) in [("MLmodel", UInt8(1)), ("data/b", 2), ("data/a", 3)] {
                _ = try await fixture.put("1/m/\(path)", [byte])
                _ = try await fixture.put("2/n/\(path)", [byte])
            }
            func identity(_ folder: String) async throws -> String {
                let files = try await ModelFolder(store: fixture.store, pool: fixture.pool, path: try ArtifactPath(folder)).files()
                #expect(ModelFolder.identity(of: files.reversed()) == ModelFolder.identity(of: files))
                return ModelFolder.identity(of: files)
            }
            let first = try await identity("1/m")
            #expect(first == (try await identity("2/n")))
            let lines = ["MLmodel", "data/a", "data/b"].enumerated().map { index, path in "\(SHA256.hex([[1, 3, 2][index]])) \(path)\n" }
            #expect(first == SHA256.hex(lines.joined().utf8))
            _ = try await fixture.put("2/n/data/a", [9])
            #expect(first != (try await identity("2/n")))
        }
    }

    @Test func `a model's folder unpacks to files`() async throws {
        try await with { fixture in
            _ = try await fixture.put("1/m/MLmodel", Array("flavors".utf8))
            _ = try await fixture.put("1/m/data/model.onnx", [7])
            let model = ModelFolder(store: fixture.store, pool: fixture.pool, path: try ArtifactPath("1/m"))
            let files = try await model.files()
            try await model.verify(files)
            #expect(try await model.contents("MLmodel") == Array("flavors".utf8))
            #expect(try await model.contents("nope") == nil)
            let target = fixture.folder.appendingPathComponent("unpacked/x").path
            try FileManager.default.createDirectory(
                atPath: fixture.folder.appendingPathComponent("unpacked").path, withIntermediateDirectories: true)
            try await model.unpack(files, to: target, temporary: target + ".tmp")
            #expect(try Data(contentsOf: URL(fileURLWithPath: target + "/data/model.onnx")) == Data([7]))
            try await model.unpack(files, to: target, temporary: target + ".tmp2")
        }
    }
}
