import ColumnStores
import Errors
import Monitoring
import Serving
import Testing

@Suite struct PredictionRecoveryTests {
    private let wal = "predictions/e/rows/wal-0"

    @Test func `a log torn at any byte of its last frame opens with the rows before it`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        log.record((0..<3).map { row($0) })
        try await log.flush()
        let before = try bench.folder.read(wal).count
        log.record((3..<5).map { row($0) })
        try await log.flush()
        let whole = try bench.folder.read(wal)
        #expect(whole.count > before)
        for length in before..<whole.count {
            try bench.folder.write(wal, Array(whole.prefix(length)))
            let again = try await bench.openLog()
            #expect(try await again.count(endpoint: "e") == 3, "torn at byte \(length)")
            #expect(try bench.folder.read(wal).count == before)
        }
        try bench.folder.write(wal, whole)
        #expect(try await bench.openLog().count(endpoint: "e") == 5)
    }

    @Test func `a flipped bit in the last frame cuts it off, and writing goes on behind the good rows`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        log.record([row(0)])
        try await log.flush()
        log.record([row(1)])
        try await log.flush()
        var bytes = try bench.folder.read(wal)
        bytes[bytes.count - 5] ^= 0x10
        try bench.folder.write(wal, bytes)
        let again = try await bench.openLog()
        #expect(try await again.count(endpoint: "e") == 1)
        again.record([row(2)])
        try await again.flush()
        #expect(try await bench.openLog().recent(endpoint: "e", limit: 5).map(\.record.id) == [row(2).id, row(0).id])
    }

    @Test func `an end between the seal and the removal of the write-ahead log doubles no row`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        log.record((0..<100).map { row($0) })
        try await log.flush()
        let kept = try bench.folder.read(wal)
        try await log.seal()
        #expect(try bench.folder.names("predictions/e/rows") == ["segment-0-100.parquet", "wal-100"])
        // The new log was made, the old one is still there.
        try bench.folder.write(wal, kept)
        try bench.folder.write("predictions/e/rows/segment-100-7.parquet.tmp", [1, 2, 3])
        var again = try await bench.openLog()
        #expect(try await again.count(endpoint: "e") == 100)
        #expect(try bench.folder.names("predictions/e/rows") == ["segment-0-100.parquet", "wal-100"])
        // The new log was not made yet.
        try bench.folder.remove("predictions/e/rows/wal-100")
        try bench.folder.write(wal, kept)
        again = try await bench.openLog()
        #expect(try await again.count(endpoint: "e") == 100)
        again.record([row(100)])
        try await again.flush()
        again = try await bench.openLog()
        #expect(try await again.count(endpoint: "e") == 101)
        #expect(try await again.window(endpoint: "e", rows: 0..<101).times == (0..<101).map { row($0).time })
    }

    @Test func `a missing segment is told, not papered over`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        log.record((0..<10).map { row($0) })
        try await log.seal()
        log.record((10..<20).map { row($0) })
        try await log.seal()
        try bench.folder.remove("predictions/e/rows/segment-0-10.parquet")
        let error = await #expect(throws: JidokaError.self) { _ = try await bench.openLog() }
        #expect(error?.code == .failedPrecondition)
        #expect(error?.message.contains("lacks rows from 0") == true)
    }

    @Test func `a damaged segment is told with its path`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        log.record((0..<10).map { row($0) })
        try await log.seal()
        try bench.folder.write("predictions/e/rows/segment-0-10.parquet", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
        let error = await #expect(throws: JidokaError.self) { _ = try await bench.openLog() }
        #expect(error?.message.contains("segment-0-10.parquet") == true)
    }

    @Test(arguments: ["predictions/FORMAT", "labels/FORMAT"])
    func `a folder of a newer format is refused`(file: String) async throws {
        let bench = try Bench()
        _ = try await bench.openLog()
        let what = file.split(separator: "/")[0]
        try bench.folder.write(file, Array("jidoka \(what) 2\n".utf8))
        let error = await #expect(throws: JidokaError.self) { _ = try await bench.openLog() }
        #expect(error?.code == .failedPrecondition)
        #expect(error?.hint?.contains("newer program") == true)
    }

    @Test func `a write-ahead log of a newer format is refused`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        log.record([row(0)])
        try await log.flush()
        var bytes = try bench.folder.read(wal)
        bytes[8] = 2
        try bench.folder.write(wal, bytes)
        let error = await #expect(throws: JidokaError.self) { _ = try await bench.openLog() }
        #expect(error?.code == .failedPrecondition)
        #expect(error?.message.contains("format version 2") == true)
    }

    @Test func `rows that cannot be written wait in the queue and are written once`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        // A file stands where the endpoint's folder must be.
        try bench.folder.write("predictions/e", [1])
        log.record((0..<5).map { row($0) })
        log.record([row(7, endpoint: "other")])
        await #expect(throws: JidokaError.self) { try await log.flush() }
        try bench.folder.remove("predictions/e")
        try await log.flush()
        #expect(try await log.count(endpoint: "e") == 5)
        #expect(try await log.count(endpoint: "other") == 1)
    }
}
