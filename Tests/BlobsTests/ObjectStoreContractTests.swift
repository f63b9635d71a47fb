import Blobs
import Clockwork
import Conformance
import Testing

@Suite struct ObjectStoreContractTests {
    @Test(arguments: ObjectStoreContract.checks.indices) func `files keep the contract of object stores`(index: Int) async throws {
        let folder = try TemporaryFolder()
        let store = FileObjects(blobs: try BlobStore(folder: folder.path), pool: BlockingPool(threads: 4))
        try await ObjectStoreContract.checks[index].run(store)
        #expect(files(under: folder.path).allSatisfy { !$0.hasPrefix("tmp/") })
    }

    @Test func `the same content put again replaces damaged bytes of the same length`() async throws {
        let folder = try TemporaryFolder()
        let stored = try BlobStore(folder: folder.path).put([1, 2, 3])
        let blobs = try BlobStore(folder: folder.path)
        try overwrite(blobs.path(for: stored.digest), [1, 9, 3])
        #expect(try blobs.put([1, 2, 3]).isNew)
        #expect(try blobs.read(stored.digest) == [1, 2, 3])
    }

    @Test func `a file that was found right is at hand until someone touches it`() async throws {
        let folder = try TemporaryFolder()
        let blobs = try BlobStore(folder: folder.path)
        let stored = try blobs.put([1, 2, 3])
        #expect(blobs.verifiedPath(stored.digest) != nil)
        try overwrite(blobs.path(for: stored.digest), [1, 9, 3])
        #expect(blobs.verifiedPath(stored.digest) == nil)
        #expect(try BlobStore(folder: folder.path).verifiedPath(stored.digest) == nil)
    }
}
