import Clockwork
import Errors
import Protobuf
import Testing
import Tracking

@testable import Interchange

struct WandbTests {
    /// One run, with the given history, in the form of the file.
    private func file(_ records: [[UInt8]]) -> [UInt8] {
        var bytes = Array(":W&B".utf8) + [0xE1, 0xBE, 0]
        func frame(_ type: UInt8, _ data: ArraySlice<UInt8>) {
            let checksum = CRC32.of(([type] + data)[...])
            bytes +=
                withUnsafeBytes(of: checksum.littleEndian) { Array($0) } + [UInt8(data.count & 0xFF), UInt8(data.count >> 8), type] + data
        }
        for record in records {
            var rest = record[...]
            var isFirst = true
            repeat {
                var room = 32_768 - bytes.count % 32_768
                if room < 7 {
                    bytes += Array(repeating: 0, count: room)
                    room = 32_768
                }
                let part = rest.prefix(room - 7)
                rest = rest.dropFirst(part.count)
                frame(isFirst ? (rest.isEmpty ? 1 : 2) : (rest.isEmpty ? 4 : 3), part)
                isFirst = false
            } while !rest.isEmpty
        }
        return bytes
    }

    private func item(_ writer: inout WireWriter, _ number: Int, _ path: [String], _ json: String) {
        writer.message(number) { item in
            for part in path { item.string(2, part) }
            item.string(16, json)
        }
    }

    private func record(_ number: Int, _ body: (inout WireWriter) -> Void) -> [UInt8] {
        var writer = WireWriter()
        writer.message(number, body)
        return writer.bytes
    }

    private func sample(steps: Int) -> [[UInt8]] {
        let run = record(17) { run in
            run.string(1, "abc")
            run.string(3, "proj")
            run.message(4) { item(&$0, 1, ["net"], #"{"depth":3,"_x":{}}"#) }
            run.string(8, "n")
        }
        let history = (0..<steps).map { step in
            record(2) { history in
                item(&history, 1, ["loss"], "\(Double(step) / 7)")
                item(&history, 1, ["long"], "\"\(String(repeating: "x", count: step % 5 == 0 ? 40_000 : 10))\"")
                item(&history, 1, ["_step"], "\(step)")
                item(&history, 1, ["_timestamp"], "\(1_700_000_000 + step)")
            }
        }
        return [run] + history + [record(18) { $0.int(1, 0) }]
    }

    @Test func `records that go over blocks come back, and numbers are points`() throws {
        let records = sample(steps: 40)
        let bytes = file(records)
        #expect(try WandbLog.records(bytes, file: "f") == records)
        let run = try WandbRun(records)
        let made = run.source(experiment: "proj", artifacts: "file:///x")
        #expect(made.run.info.status == .finished && made.run.info.name == "n")
        #expect(made.run.params == [Param(key: "net._x", value: "{}"), Param(key: "net.depth", value: "3")])
        #expect(made.points.map(\.step) == (0..<40).map { Int64($0) } && made.points.allSatisfy { $0.key == "loss" })
        #expect(made.points[3].timestamp == 1_700_000_003_000)
        #expect(run.skipped == 40)
    }

    @Test func `a torn tail is left for later, wherever it is torn`() throws {
        let records = sample(steps: 12)
        let bytes = file(records)
        var counts: Set<Int> = []
        for cut in stride(from: 7, to: bytes.count, by: 997) {
            let found = try WandbLog.records(Array(bytes[..<cut]), file: "f")
            #expect(found == Array(records.prefix(found.count)))
            counts.insert(found.count)
        }
        #expect(counts.count > 3)
    }

    @Test(arguments: UInt64(0)..<300) func `damage is an error, never a crash and never another run`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let records = sample(steps: 6)
        var bytes = file(records)
        for _ in 0..<(1 + random.next() % 3) { bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next()) }
        do {
            let found = try WandbLog.records(bytes, file: "f")
            #expect(found == Array(records.prefix(found.count)))
        } catch let error as JidokaError { #expect(error.code == .invalidArgument) }
        // And the records themselves, without checksums before them.
        var record = records[Int(random.next() % UInt64(records.count))]
        record = Array(record.prefix(2_000))
        for _ in 0..<4 where !record.isEmpty {
            record[Int(random.next() % UInt64(record.count))] = UInt8(truncatingIfNeeded: random.next())
        }
        do { _ = try WandbRun([record]) } catch let error as JidokaError { #expect(error.code == .invalidArgument) }
    }

    @Test func `names that are not allowed are changed`() {
        #expect(WandbRun.name("odd (%)") == "odd ___" && WandbRun.name("a/../b") == "a/b" && WandbRun.name("//") == "_")
        #expect(WandbRun.name("disk./.usage") == "disk./.usage")
    }
}
