import Blobs
import Digests
import Errors
internal import Glibc
import Testing

@Suite struct BlobStoreTests {
    @Test func `bytes lie under their digest and come back`() throws {
        let folder = try TemporaryFolder()
        let store = try BlobStore(folder: "\(folder.path)/a/b/objects")
        let stored = try store.put(Array("hello".utf8))
        #expect(stored.digest.hex == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
        #expect(stored.size == 5 && stored.isNew)
        #expect(files(under: store.folder) == ["2c/f24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"])
        #expect(store.contains(stored.digest))
        #expect(try store.size(of: stored.digest) == 5)
        #expect(try store.read(stored.digest) == Array("hello".utf8))
    }

    @Test(arguments: [0, 1, 1 << 20, (1 << 20) + 1, 3_000_000]) func `pieces of any sizes make the same object`(_ size: Int) throws {
        let folder = try TemporaryFolder()
        let store = try BlobStore(folder: folder.path)
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let writer = try store.begin()
        for start in stride(from: 0, to: size, by: 70_001) { try writer.append(Array(bytes[start..<min(size, start + 70_001)])) }
        #expect(writer.size == Int64(size))
        let stored = try writer.commit()
        #expect(stored.digest.hex == SHA256.hex(bytes))
        #expect(try store.read(stored.digest) == bytes)
        try store.verify(stored.digest)
    }

    @Test func `an object that is there is not written again`() throws {
        let folder = try TemporaryFolder()
        let store = try BlobStore(folder: folder.path)
        let first = try store.put([1, 2, 3])
        var before = stat()
        stat(store.path(for: first.digest), &before)
        let second = try store.put([1, 2, 3])
        var after = stat()
        stat(store.path(for: first.digest), &after)
        #expect(second.digest == first.digest && !second.isNew)
        #expect(before.st_ino == after.st_ino)
        #expect(files(under: folder.path).count == 1)
    }

    @Test func `a file is copied in and stays`() throws {
        let folder = try TemporaryFolder()
        let store = try BlobStore(folder: "\(folder.path)/objects")
        let source = "\(folder.path)/source"
        let bytes = (0..<2_500_000).map { UInt8(truncatingIfNeeded: $0) }
        try overwrite(source, bytes)
        let stored = try store.put(file: source)
        #expect(stored.digest.hex == SHA256.hex(bytes))
        #expect(access(source, F_OK) == 0)
        let error = #expect(throws: JidokaError.self) { try store.put(file: "\(folder.path)/missing") }
        #expect(error?.code == .notFound)
        #expect(#expect(throws: JidokaError.self) { try store.put(file: folder.path) }?.code == .invalidArgument)
        #expect(files(under: "\(store.folder)/tmp") == [])
    }

    @Test func `an absent object is not found`() throws {
        let folder = try TemporaryFolder()
        let store = try BlobStore(folder: folder.path)
        let digest = try Digest(String(repeating: "0", count: 64))
        #expect(!store.contains(digest))
        #expect(#expect(throws: JidokaError.self) { try store.open(digest) }?.code == .notFound)
        #expect(#expect(throws: JidokaError.self) { try store.size(of: digest) }?.code == .notFound)
    }

    @Test(arguments: [
        "", "abc", String(repeating: "A", count: 64), String(repeating: "g", count: 64), "../" + String(repeating: "0", count: 61),
    ])
    func `only 64 lower-case digits are a digest`(_ text: String) {
        #expect(#expect(throws: JidokaError.self) { try Digest(text) }?.code == .invalidArgument)
    }

    @Test func `an abandoned writer leaves nothing`() throws {
        let folder = try TemporaryFolder()
        let store = try BlobStore(folder: folder.path)
        do {
            let writer = try store.begin()
            try writer.append([1, 2, 3])
            #expect(files(under: folder.path).count == 1)
        }
        #expect(files(under: folder.path) == [])
        let aborted = try store.begin()
        aborted.abort()
        #expect(#expect(throws: JidokaError.self) { try aborted.append([1]) }?.code == .failedPrecondition)
        #expect(#expect(throws: JidokaError.self) { try aborted.commit() }?.code == .failedPrecondition)
        #expect(files(under: folder.path) == [])
    }

    @Test func `an object beyond the stated maximum is refused while it comes`() throws {
        let folder = try TemporaryFolder()
        let store = try BlobStore(folder: folder.path)
        let writer = try store.begin(maximumSize: 4)
        try writer.append([1, 2, 3])
        #expect(#expect(throws: JidokaError.self) { try writer.append([4, 5]) }?.code == .exhausted)
        #expect(files(under: folder.path) == [])
        let stored = try store.put([1, 2, 3])
        #expect(#expect(throws: JidokaError.self) { try store.read(stored.digest, maximumSize: 2) }?.code == .exhausted)
    }

    @Test func `what a dead writer left is removed at open, what a live one writes is not`() throws {
        let folder = try TemporaryFolder()
        let store = try BlobStore(folder: folder.path)
        try overwrite("\(folder.path)/tmp/left-by-a-crash", [1, 2, 3])
        let live = try store.begin()
        try live.append([7])
        let reopened = try BlobStore(folder: folder.path)
        #expect(files(under: "\(folder.path)/tmp").count == 1)
        let stored = try live.commit()
        #expect(try reopened.read(stored.digest) == [7])
    }

    @Test func `writers of the same object side by side agree`() async throws {
        let folder = try TemporaryFolder()
        let store = try BlobStore(folder: folder.path)
        let bytes = [UInt8](repeating: 9, count: 100_000)
        let digests = try await withThrowingTaskGroup(of: Digest.self) { group in
            for _ in 0..<8 { group.addTask { try store.put(bytes).digest } }
            return try await group.reduce(into: Set<Digest>()) { $0.insert($1) }
        }
        #expect(digests.count == 1)
        #expect(files(under: folder.path).count == 1)
    }
}
