import Blobs
import Clockwork
import FileStores
import Foundation
import SQL
import SQLStores
import Telemetry
import Testing
import Tracking

@Suite struct ObjectCollectorTests {
    private func with(_ body: (FileArtifactStore, FileObjects, ObjectCollector) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jidoka-collector-\(SystemIDs().next())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let database = try Database(path: folder + "/test.db", metrics: MetricsRegistry())
        defer { database.close() }
        try await database.migrate(EventSchema.migrations + TrackingSchema.migrations)
        let index = SQLArtifactIndex(database: database)
        let objects = FileObjects(blobs: try BlobStore(folder: folder + "/objects"), pool: BlockingPool(threads: 4))
        let store = FileArtifactStore(objects: objects, index: index, time: SystemTime())
        let collector = ObjectCollector(objects: objects, references: [{ try await index.named($0) }], time: SystemTime())
        try await body(store, objects, collector)
    }

    private func put(_ path: String, _ bytes: [UInt8], _ store: FileArtifactStore) async throws -> Digest {
        try Digest(try #require(try await store.put(try ArtifactPath(path)) { try await $0.write(bytes) }.digest))
    }

    @Test func `what nothing names is shown, moved, restored and destroyed, in that order`() async throws {
        try await with { store, objects, collector in
            let kept = try await put("1/kept", [1], store)
            let shared = try await put("1/a", [2, 2], store)
            _ = try await put("2/b", [2, 2], store)
            let gone = try await put("1/gone", [3, 3, 3], store)
            for path in ["1/a", "1/gone"] { try await store.delete(try ArtifactPath(path)) }
            let young = try await collector.collect(apply: true)
            #expect(young.objects == 3 && young.young == 1 && young.unreachableCount == 0 && young.discarded == 0)
            let preview = try await collector.collect(apply: false, grace: .zero)
            #expect(preview.unreachable.map(\.digest) == [gone] && preview.unreachableBytes == 3 && preview.discarded == 0)
            #expect(try await collector.trash().isEmpty)
            #expect(try await collector.collect(apply: true, grace: .zero).discarded == 1)
            #expect(try await collector.trash().map(\.digest) == [gone])
            #expect(try await collector.undo() == (1, 3))
            #expect(try await collector.collect(apply: true, grace: .zero).discarded == 1)
            #expect(try await collector.emptyTrash(age: .seconds(3_600)).destroyed == 0)
            #expect(try await collector.emptyTrash(age: .zero).destroyed == 1)
            #expect(try await objects.size(of: gone) == nil)
            for digest in [kept, shared] { #expect(try await objects.size(of: digest) != nil) }
        }
    }

    @Test func `what is named after it was discarded is restored, not destroyed`() async throws {
        try await with { store, objects, collector in
            let digest = try await put("1/a", [1], store)
            #expect(try await objects.discard(digest, notPutAfter: SystemTime().now()))
            let done = try await collector.emptyTrash(age: .zero)
            #expect(done.destroyed == 0 && done.restored == 1)
            #expect(try await objects.objects(after: nil, limit: 10).map(\.digest) == [digest])
        }
    }

    @Test func `uploads of the same content race with collections and lose nothing`() async throws {
        try await with { store, _, collector in
            let bytes = [UInt8](repeating: 7, count: 100_000)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<4 {
                    group.addTask {
                        for round in 0..<20 {
                            let path = try ArtifactPath("\(number)/\(round)")
                            _ = try await store.put(path) { try await $0.write(bytes) }
                            if round % 2 == 0 { try await store.delete(path) }
                        }
                    }
                }
                group.addTask { for _ in 0..<40 { _ = try await collector.collect(apply: true, grace: .zero) } }
                group.addTask { for _ in 0..<40 { _ = try await collector.emptyTrash(age: .seconds(60)) } }
                try await group.waitForAll()
            }
            for number in 0..<4 {
                for round in stride(from: 1, to: 20, by: 2) {
                    try await store.read(try ArtifactPath("\(number)/\(round)")) { #expect($0.allSatisfy { $0 == 7 }) }
                }
            }
        }
    }
}
