import Blobs
import Clockwork
import Datasets
import Digests
import Errors
import FileStores
import Foundation
import Testing

@Suite struct DatasetFilesTests {
    private let folder: String
    private let pool = BlockingPool(threads: 2)

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("jidoka-datasetfiles-\(SystemIDs().next())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func open(maximumBytes: Int64 = 1 << 20) throws -> DatasetFiles {
        try DatasetFiles(
            objects: FileObjects(blobs: BlobStore(folder: folder + "/objects"), pool: BlockingPool(threads: 2)),
            staging: folder + "/staging", pool: pool, ids: SystemIDs(),
            maximumBytes: maximumBytes)
    }

    private func stage(_ files: DatasetFiles, _ chunks: [[UInt8]]) async throws -> StagedFile {
        var rest = chunks
        return try await files.stage { rest.isEmpty ? nil : rest.removeFirst() }
    }

    @Test func `chunks become one file named by its digest, kept as an object`() async throws {
        let files = try open()
        let staged = try await stage(files, [[0x50], [0x41, 0x52], [], [0x31, 0x32]])
        #expect(staged.digest == SHA256.hex(Array("PAR12".utf8)))
        #expect(staged.bytes == 5 && staged.firstBytes == Array("PAR1".utf8))
        await #expect(throws: JidokaError.self) { _ = try await files.path(digest: staged.digest) }
        try await files.keep(staged)
        try await files.keep(staged)
        await files.discard(staged)
        let path = try await files.path(digest: staged.digest)
        #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == Array("PAR12".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/staging").isEmpty)
        let again = try await files.stage(file: path)
        #expect(again.digest == staged.digest)
        await files.discard(again)
    }

    @Test func `too many bytes and a broken stream leave nothing`() async throws {
        struct Broken: Error {}
        let files = try open(maximumBytes: 10)
        let error = await #expect(throws: JidokaError.self) { _ = try await stage(files, [Array(repeating: 1, count: 11)]) }
        #expect(error?.code == .exhausted)
        await #expect(throws: Broken.self) { _ = try await files.stage { throw Broken() } }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/staging").isEmpty)
    }

    @Test func `what a program that ended left staged is removed by the next`() async throws {
        _ = try await stage(try open(), [[1, 2, 3]])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/staging").count == 1)
        _ = try open()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/staging").isEmpty)
    }

    @Test func `a file that is not there is told`() async throws {
        let error = await #expect(throws: JidokaError.self) { _ = try await open().stage(file: folder + "/none") }
        #expect(error?.code == .notFound)
    }
}
