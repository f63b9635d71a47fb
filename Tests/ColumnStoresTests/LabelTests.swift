import Clockwork
import ColumnStores
import Errors
import Monitoring
import Serving
import Telemetry
import Testing

@Suite struct LabelTests {
    @Test func `labels join whenever they come, also before their prediction and after a restart`() async throws {
        let bench = try Bench()
        var log = try await bench.openLog()
        let early = try await log.take([label(3, .number(1))], at: arrival)
        #expect(early == LabelReceipt(accepted: 1, repeated: 0, unknown: 1))
        log.record((0..<10).map { row($0) })
        try await log.flush()
        #expect(try await log.labelled(endpoint: "e", rows: 0..<10) == 1)
        try await log.seal()
        let late = try await log.take([label(4, .number(0)), label(5, .number(0))], at: arrival)
        #expect(late == LabelReceipt(accepted: 2, repeated: 0, unknown: 0))
        for _ in 0..<2 {
            let window = try await log.window(endpoint: "e", rows: 0..<10)
            #expect(window.labels.withoutNaN == [-1, -1, -1, 1, 0, 0, -1, -1, -1, -1])
            #expect(try await log.labelled(endpoint: "e", rows: 4..<6) == 2)
            log = try await bench.openLog()
        }
    }

    @Test func `the newest label of an id counts, and repeats are told`() async throws {
        let bench = try Bench()
        var log = try await bench.openLog()
        log.record([row(0), row(1)])
        try await log.flush()
        _ = try await log.add([label(0, .number(1), time: .zero), label(0, .number(0), time: .zero)], at: arrival)
        let (accepted, repeated) = try await log.add([label(0, .text("yes")), label(1, .number(1))], at: arrival + .seconds(5))
        #expect(accepted == 1)
        #expect(repeated == 1)
        try await log.seal()
        log = try await bench.openLog()
        let found = try #require(try await log.prediction(id: row(0).id))
        #expect(found.label == label(0, .text("yes")))
        #expect(found.labelArrival == arrival + .seconds(5))
        #expect(log.evidence(endpoint: "e", versions: ["1"], since: .zero)["1"] == VersionEvidence(rows: 2, labelled: 2, correct: 1))
    }

    @Test func `labels of unknown predictions are kept on disk and join after a restart`() async throws {
        let bench = try Bench()
        var log = try await bench.openLog { $0.earlyLabelsMax = 1 }
        let receipt = try await log.take([label(1, .number(1)), label(2, .number(1))], at: arrival)
        #expect(receipt.unknown == 2)
        #expect(bench.metrics.counter("jidoka_predictions_labels_unjoined_total", help: "").value == 1)
        log.record([row(1), row(2)])
        try await log.flush()
        #expect(try await log.labelled(endpoint: "e", rows: 0..<2) == 1)
        log = try await bench.openLog()
        #expect(try await log.labelled(endpoint: "e", rows: 0..<2) == 2)
    }

    @Test func `rows of one request have labels of their own`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        let rows = (0..<12).map { n in
            var made = row(7)
            made.id = "\(row(7).id)-\(n)"
            return made
        }
        log.record(rows)
        try await log.flush()
        _ = try await log.add([Label(predictionID: rows[11].id, value: .number(1), time: nil)], at: arrival)
        #expect(try await log.labelled(endpoint: "e", rows: 11..<12) == 1)
        #expect(try await log.labelled(endpoint: "e", rows: 0..<12) == 1)
    }

    @Test func `an answer means durable: concurrent batches share flushes and none is lost`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        log.record((0..<400).map { row($0) })
        try await log.flush()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for start in stride(from: 0, to: 400, by: 10) {
                group.addTask { try await log.add((start..<start + 10).map { label($0, .number(1)) }, at: arrival).accepted }
            }
            var accepted = 0
            for try await count in group { accepted += count }
            #expect(accepted == 400)
        }
        #expect(try await bench.openLog().labelled(endpoint: "e", rows: 0..<400) == 400)
    }

    @Test func `labels torn at the end of their log open with the batches before`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        log.record([row(0), row(1)])
        try await log.flush()
        _ = try await log.add([label(0, .text("a"))], at: arrival)
        let before = try bench.folder.read("labels/wal-0").count
        _ = try await log.add([label(1, .text("b"))], at: arrival)
        let whole = try bench.folder.read("labels/wal-0")
        for length in before..<whole.count {
            try bench.folder.write("labels/wal-0", Array(whole.prefix(length)))
            #expect(try await bench.openLog().labelled(endpoint: "e", rows: 0..<2) == 1, "torn at byte \(length)")
        }
    }

    @Test func `an end between the seal of labels and the removal of their log repeats none`() async throws {
        let bench = try Bench()
        var log = try await bench.openLog()
        log.record((0..<20).map { row($0) })
        _ = try await log.add((0..<20).map { label($0, .number(1)) }, at: arrival)
        let kept = try bench.folder.read("labels/wal-0")
        try await log.seal()
        #expect(try bench.folder.names("labels") == ["FORMAT", "segment-0-20.parquet", "wal-20"])
        try bench.folder.remove("labels/wal-20")
        try bench.folder.write("labels/wal-0", kept)
        log = try await bench.openLog()
        _ = try await log.add([label(3, .number(0))], at: arrival)
        try await log.seal()
        #expect(try bench.folder.names("labels") == ["FORMAT", "segment-0-20.parquet", "segment-20-1.parquet", "wal-21"])
        log = try await bench.openLog()
        #expect(try await log.labelled(endpoint: "e", rows: 0..<20) == 20)
        #expect(try await log.prediction(id: row(3).id)?.label?.value == .number(0))
    }

    @Test(arguments: [
        Label(predictionID: "", value: .number(1), time: nil), Label(predictionID: "a", value: .number(.nan), time: nil),
        Label(predictionID: String(repeating: "x", count: 300), value: .number(1), time: nil),
    ])
    func `a label without an id or a value is refused`(bad: Label) async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        let error = await #expect(throws: JidokaError.self) { try await log.add([bad], at: arrival) }
        #expect(error?.code == .invalidArgument)
    }

    @Test func `classes as texts compare with labels as numbers`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        var first = row(0)
        first.prediction = .text("1")
        var second = row(1)
        second.prediction = .text("2")
        log.record([first, second])
        try await log.flush()
        _ = try await log.add([label(0, .number(1)), label(1, .number(1.0000000001))], at: arrival)
        #expect(log.evidence(endpoint: "e", versions: ["1"], since: .zero)["1"] == VersionEvidence(rows: 2, labelled: 2, correct: 1))
        let window = try await log.window(endpoint: "e", rows: 0..<1)
        #expect(window.prediction.texts == ["1"])
        #expect(window.labels.texts == ["1"])
    }
}
