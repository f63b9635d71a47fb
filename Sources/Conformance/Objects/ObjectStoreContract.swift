package import Blobs
import Clockwork
import Digests
import Errors

/// What every object store must do. Each function takes an empty store and throws at the first broken promise.
package enum ObjectStoreContract {
    package static let checks: [(name: String, run: @Sendable (any ObjectStore) async throws -> Void)] = [
        ("bytes read back as they were put, whole or as a file", roundTrips), ("equal contents are kept once", deduplicates),
        ("an upload that is given up leaves nothing", aborts), ("a limit of size holds", limits),
        ("listings go on where they ended", lists), ("the trash gives back", trashes), ("reading takes out of the trash", recovers),
        ("what was put again is not discarded", spares), ("only what is in the trash is destroyed", purges),
        ("the same content put by many at once is one object", races), ("what is absent is absent", absences),
    ]

    static func bytes(_ count: Int, seed: Int = 0) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ seed) } }

    @discardableResult
    package static func put(_ bytes: [UInt8], _ store: any ObjectStore) async throws -> StoredBlob {
        let upload = try await store.begin(maximumSize: .max)
        for start in stride(from: 0, to: bytes.count, by: 1 << 20) {
            try await upload.append(Array(bytes[start..<min(bytes.count, start + 1 << 20)]))
        }
        return try await upload.commit()
    }

    package static func read(_ digest: Digest, _ store: any ObjectStore) async throws -> [UInt8] {
        var all: [UInt8] = []
        try await store.read(digest, expectedSize: nil) { all += $0 }
        return all
    }

    private static func roundTrips(_ store: any ObjectStore) async throws {
        for count in [0, 1, 1_000_000, 9_000_001] {
            let content = bytes(count, seed: count)
            let stored = try await put(content, store)
            try expect(
                stored.isNew && stored.size == Int64(count) && stored.digest.hex == SHA256.hex(content), "put of \(count) bytes: \(stored)")
            try expect(try await store.size(of: stored.digest) == Int64(count), "size")
            try expect(try await read(stored.digest, store) == content, "\(count) bytes differ")
            _ = try await store.file(stored.digest, expectedSize: Int64(count))
            try expect(try await store.fileAtHand(stored.digest) != nil, "a file that was just handed out is at hand")
        }
    }

    private static func deduplicates(_ store: any ObjectStore) async throws {
        let first = try await put([1, 2, 3], store)
        let second = try await put([1, 2, 3], store)
        try expect(first.isNew && !second.isNew && first.digest == second.digest, "\(first) \(second)")
        try expect(try await store.objects(after: nil, limit: 10).count == 1, "one object")
    }

    private static func aborts(_ store: any ObjectStore) async throws {
        let upload = try await store.begin(maximumSize: .max)
        try await upload.append([1])
        await upload.abort()
        try expect(try await store.objects(after: nil, limit: 10).isEmpty, "an object of an aborted upload")
    }

    private static func limits(_ store: any ObjectStore) async throws {
        let upload = try await store.begin(maximumSize: 2)
        do {
            try await upload.append([1, 2, 3])
            _ = try await upload.commit()
        } catch let error as JidokaError {
            try expect(error.code == .exhausted, "\(error)")
            return
        }
        throw JidokaError.internal("more than the limit was taken")
    }

    private static func lists(_ store: any ObjectStore) async throws {
        var digests: [Digest] = []
        for number in 0..<7 { digests.append(try await put([UInt8(number)], store).digest) }
        digests.sort { $0.hex < $1.hex }
        var found: [ObjectFacts] = []
        while true {
            let page = try await store.objects(after: found.last?.digest, limit: 3)
            found += page
            if page.count < 3 { break }
        }
        try expect(found.map(\.digest) == digests && found.allSatisfy { $0.size == 1 }, "\(found)")
    }

    private static let future = Timestamp(microseconds: 4_000_000_000_000_000)

    private static func trashes(_ store: any ObjectStore) async throws {
        let digest = try await put([7], store).digest
        try expect(try await store.discard(digest, notPutAfter: future), "discard")
        try expect(try await store.trash(after: nil, limit: 10).map(\.digest) == [digest], "it is in the trash")
        try expect(try await store.restore(digest), "restore")
        try expect(try await !store.restore(digest), "restored twice")
        try expect(try await store.trash(after: nil, limit: 10).isEmpty, "the trash is empty")
        try expect(try await read(digest, store) == [7], "it is back")
    }

    private static func recovers(_ store: any ObjectStore) async throws {
        let digest = try await put([8], store).digest
        _ = try await store.discard(digest, notPutAfter: future)
        try expect(try await store.size(of: digest) == 1, "its size is known")
        try expect(try await read(digest, store) == [8], "it is read out of the trash")
        _ = try await store.file(digest, expectedSize: 1)
        _ = try await store.discard(digest, notPutAfter: future)
        try await put([8], store)
        try expect(try await store.trash(after: nil, limit: 10).isEmpty, "put again, it is no trash")
    }

    private static func spares(_ store: any ObjectStore) async throws {
        let digest = try await put([9], store).digest
        try expect(try await !store.discard(digest, notPutAfter: Timestamp(microseconds: 0)), "a young object was discarded")
        try expect(try await store.objects(after: nil, limit: 10).count == 1, "it is still there")
    }

    private static func purges(_ store: any ObjectStore) async throws {
        let digest = try await put([10], store).digest
        try await store.purge(digest)
        try expect(try await read(digest, store) == [10], "what was not in the trash is there")
        _ = try await store.discard(digest, notPutAfter: future)
        try await store.purge(digest)
        try await store.purge(digest)
        try expect(try await store.size(of: digest) == nil, "it is destroyed")
    }

    private static func races(_ store: any ObjectStore) async throws {
        let content = bytes(300_000)
        let stored = try await withThrowingTaskGroup(of: StoredBlob?.self) { group in
            for _ in 0..<8 { group.addTask { try await put(content, store) } }
            for _ in 0..<4 {
                group.addTask {
                    for object in try await store.objects(after: nil, limit: 10) {
                        _ = try await store.discard(object.digest, notPutAfter: future)
                    }
                    return nil
                }
            }
            return try await group.reduce(into: [StoredBlob]()) { if let blob = $1 { $0.append(blob) } }
        }
        try expect(Set(stored.map(\.digest)).count == 1, "\(stored)")
        try expect(try await read(stored[0].digest, store) == content, "it is whole, though it was discarded meanwhile")
    }

    private static func absences(_ store: any ObjectStore) async throws {
        let nobody = try Digest(SHA256.hex([42]))
        try expect(try await store.size(of: nobody) == nil, "size")
        try expect(try await store.fileAtHand(nobody) == nil, "file at hand")
        try expect(try await !store.discard(nobody, notPutAfter: future), "discard")
        do {
            _ = try await read(nobody, store)
        } catch let error as JidokaError {
            try expect(error.code == .notFound, "\(error)")
            return
        }
        throw JidokaError.internal("an absent object was read")
    }

    private static func expect(_ holds: Bool, _ what: @autoclosure () -> String) throws {
        if !holds { throw JidokaError.internal("the contract of object stores is broken: \(what())") }
    }
}
