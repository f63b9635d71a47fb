@testable import Blobs
import Digests
import Errors
internal import Glibc
import Testing

@Suite(.serialized) struct DamageTests {
    @Test(arguments: [3_000_000, 10]) func `a changed byte is found before the last piece is handed out`(_ size: Int) throws {
        let folder = try TemporaryFolder()
        let store = try BlobStore(folder: folder.path)
        var bytes = [UInt8](repeating: 5, count: size)
        let stored = try store.put(bytes)
        bytes[size / 2] = 6
        try overwrite(store.path(for: stored.digest), bytes)
        let reader = try store.open(stored.digest, expectedSize: Int64(size))
        var delivered = 0
        let error = #expect(throws: JidokaError.self) {
            while let piece = try reader.next() { delivered += piece.count }
        }
        #expect(error?.code == .internal)
        #expect(error?.message.hasPrefix("data loss: object `\(stored.digest)` is corrupt") == true)
        #expect(delivered < size)
        #expect(throws: JidokaError.self) { try store.verify(stored.digest) }
    }

    @Test func `a torn object is found, and replaced when the content is stored again`() throws {
        let folder = try TemporaryFolder()
        let store = try BlobStore(folder: folder.path)
        let stored = try store.put([1, 2, 3, 4])
        try overwrite(store.path(for: stored.digest), [1, 2])
        #expect(throws: JidokaError.self) { try store.open(stored.digest, expectedSize: 4) }
        #expect(throws: JidokaError.self) { try store.read(stored.digest) }
        #expect(try store.put([1, 2, 3, 4]).isNew)
        #expect(try store.read(stored.digest) == [1, 2, 3, 4])
    }

    @Test func `a write that finds no room is exhausted`() throws {
        let descriptor = try FileCalls.open("/dev/full", O_WRONLY, "open the full device")
        defer { close(descriptor) }
        let error = #expect(throws: JidokaError.self) {
            try [1, 2, 3].withUnsafeBytes { try FileCalls.writeAll(descriptor, $0, "write an object") }
        }
        #expect(error?.code == .exhausted)
        #expect(error?.message == "could not write an object: No space left on device")
        #expect(error?.hint?.hasPrefix("free some space") == true)
    }

    @Test(.enabled(if: SmallDisk.mayMount, "mounting a small disk needs root"))
    func `a full disk loses nothing, and the store lives on when there is room again`() throws {
        let disk = try SmallDisk(kilobytes: 1_024)
        let store = try BlobStore(folder: "\(disk.path)/objects")
        let kept = try store.put([UInt8](repeating: 1, count: 300_000))
        let error = #expect(throws: JidokaError.self) { try store.put([UInt8](repeating: 2, count: 900_000)) }
        #expect(error?.code == .exhausted)
        #expect(error?.hint?.hasPrefix("free some space") == true)
        #expect(files(under: store.folder).count == 1)
        try store.verify(kept.digest)
        #expect(try store.put([UInt8](repeating: 3, count: 300_000)).isNew)
    }

    @Test(.enabled(if: SmallDisk.mayMount, "mounting a small disk needs root"))
    func `a disk mounted read-only is unavailable, and what is there can be read`() throws {
        let disk = try SmallDisk(kilobytes: 1_024)
        let store = try BlobStore(folder: "\(disk.path)/objects")
        let kept = try store.put([1, 2, 3])
        try disk.makeReadOnly()
        let error = #expect(throws: JidokaError.self) { try store.put([4, 5, 6]) }
        #expect(error?.code == .unavailable)
        #expect(error?.hint?.contains("may write") == true)
        #expect(try store.read(kept.digest) == [1, 2, 3])
    }

    @Test(.enabled(if: !SmallDisk.mayMount, "root may write everywhere"))
    func `a folder without permission is unavailable`() throws {
        let folder = try TemporaryFolder()
        chmod(folder.path, 0o500)
        let error = #expect(throws: JidokaError.self) { try BlobStore(folder: "\(folder.path)/objects") }
        #expect(error?.code == .unavailable)
        chmod(folder.path, 0o700)
    }
}
