import Clockwork
import ColumnStores
import Columns
import Errors
import Monitoring
import Serving
import Telemetry
import Testing

@Suite struct PredictionLogTests {
    @Test func `rows are counted, windowed and found by id, before and after they are sealed`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        log.record((0..<300).map { row($0) })
        try await log.flush()
        try await check(log)
        try await log.seal()
        try await check(log)
        log.record((300..<400).map { row($0) })
        try await log.flush()
        // This window lies half in a segment and half in memory.
        let window = try await log.window(endpoint: "e", rows: 250..<350)
        #expect(window.times == (250..<350).map { row($0).time })
        #expect(window.features[2].numbers == (250..<350).map { Double($0) / 8 })
    }

    private func check(_ log: PredictionLog) async throws {
        #expect(try await log.count(endpoint: "e") == 300)
        #expect(try await log.count(endpoint: "nobody") == 0)
        let window = try await log.window(endpoint: "e", rows: 10..<30)
        #expect(window.rows == 10..<30)
        #expect(window.featureNames == ["age", "sex", "score"])
        let ages: [Double] = (10..<30).map { $0 % 7 == 0 ? -1 : Double($0) }
        #expect(window.features[0].withoutNaN == ages)
        #expect(window.features[1].texts == (10..<30).map { $0 % 2 == 0 ? "f" : "m" })
        #expect(window.prediction.numbers == (10..<30).map { Double($0 % 2) })
        #expect(window.scores == (10..<30).map { Double($0) / 100 })
        let nobody = try await log.prediction(id: "nobody")
        #expect(nobody == nil)
        #expect(window.versions == Array(repeating: "1", count: 20))
        let found = try #require(try await log.prediction(id: row(123).id))
        #expect(found.position == 123)
        #expect(found.record.features == row(123).features)
        #expect(found.record.unit == "user-123")
        #expect(found.record.latencyMicroseconds == 123)
        #expect(found.record.score == 0.23)
        #expect(try await log.prediction(id: "nobody") == nil)
        let recent = try await log.recent(endpoint: "e", limit: 3)
        #expect(recent.map(\.position) == [299, 298, 297])
    }

    @Test func `a row that still waits for the writer is found by id`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        log.record([row(5)])
        #expect(try await log.prediction(id: row(5).id)?.position == 0)
    }

    @Test func `a row is found by id whatever the writer is doing at that moment`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        let writer = Task { try await log.run() }
        for n in 0..<400 {
            log.record([row(n)])
            #expect(try await log.prediction(id: row(n).id)?.record.id == row(n).id)
            // Now and then the writer is at it when the row is asked for.
            if n % 3 == 0 { try await FixedTime().sleep(for: .zero) }
        }
        writer.cancel()
        try await writer.value
    }

    @Test func `shadow and failed rows are found by id but never counted`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        log.record([row(0), row(1, route: .shadow), row(2, error: "shape"), row(3, route: .version), row(4, route: .challenger)])
        try await log.flush()
        #expect(try await log.count(endpoint: "e") == 3)
        #expect(try await log.prediction(id: row(1).id)?.record.route == .shadow)
        let failed = try #require(try await log.prediction(id: row(2).id))
        #expect(failed.record.error == "shape")
        #expect(failed.position == nil)
        #expect(try await log.prediction(id: row(4).id)?.position == 2)
    }

    @Test func `a window outside the log is refused`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        log.record([row(0)])
        try await log.flush()
        let error = await #expect(throws: JidokaError.self) { _ = try await log.window(endpoint: "e", rows: 0..<2) }
        #expect(error?.code == .invalidArgument)
        #expect(try await log.window(endpoint: "e", rows: 1..<1).times.isEmpty)
    }

    @Test func `rows beyond the queue and malformed rows are dropped and counted, never waited for`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog { $0.queueRowsMax = 10 }
        var malformed = row(99)
        malformed.features.removeLast()
        log.record([malformed])
        log.record((0..<25).map { row($0) })
        #expect(log.queued == 10)
        try await log.flush()
        #expect(try await log.count(endpoint: "e") == 10)
        #expect(bench.metrics.counter("jidoka_predictions_dropped_total", help: "").value == 16)
    }

    @Test func `the service writes what is recorded and, when it is stopped, what is left`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        let service = Task { try await log.run() }
        log.record((0..<50).map { row($0) })
        while try await log.count(endpoint: "e") < 50 { try await SystemTime().sleep(for: .milliseconds(2)) }
        log.record((50..<60).map { row($0) })
        service.cancel()
        try await service.value
        #expect(try await log.count(endpoint: "e") == 60)
        #expect(log.queued == 0)
    }

    @Test func `models with other features share a log; cells that a row lacks are missing`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        var other = row(1)
        other.featureNames = ["sex", "city"]
        other.features = [.number(2), .text("Lynn")]
        log.record([row(0), other, row(2)])
        try await log.flush()
        for sealed in [false, true] {
            if sealed { try await log.seal() }
            let window = try await log.window(endpoint: "e", rows: 0..<3)
            #expect(window.featureNames == ["age", "sex", "score", "city"])
            #expect(window.features[1].texts == ["f", "2", "f"])
            #expect(window.features[3].texts == [nil, "Lynn", nil])
            #expect(window.features[2].numbers[1].isNaN)
        }
        #expect(try await log.prediction(id: other.id)?.record.features.contains(.number(2)) == true)
    }

    @Test func `endpoint names of any characters get folders of their own`() async throws {
        let bench = try Bench()
        let names = ["a/b", "..", "A", "a%2Fb", "日本"]
        let log = try await bench.openLog()
        log.record(names.enumerated().map { row($0, endpoint: $1) })
        try await log.flush()
        let again = try await bench.openLog()
        #expect(again.endpoints == names.sorted())
        for name in names { #expect(try await again.count(endpoint: name) == 1) }
    }

    @Test func `versions show rows, labels and agreements since a time`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        log.record((0..<100).map { row($0, version: $0 % 2 == 0 ? "1" : "2") })
        try await log.flush()
        // Version 1 predicts 0 (even rows), version 2 predicts 1; the labels say "0" for all.
        _ = try await log.add((0..<60).map { label($0, .text("0")) }, at: arrival)
        let all = log.evidence(endpoint: "e", versions: ["1", "2", "9"], since: .zero)
        #expect(all["1"] == VersionEvidence(rows: 50, labelled: 30, correct: 30))
        #expect(all["2"] == VersionEvidence(rows: 50, labelled: 30, correct: 0))
        #expect(all["9"] == VersionEvidence())
        let later = log.evidence(endpoint: "e", versions: ["1"], since: row(50).time)
        #expect(later["1"] == VersionEvidence(rows: 25, labelled: 5, correct: 5))
    }

    @Test func `labelled rows are exported with the types of the training data`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        log.record((0..<100).map { row($0) })
        try await log.seal()
        log.record((100..<200).map { row($0) })
        try await log.flush()
        _ = try await log.add((0..<200).filter { $0 % 2 == 1 }.map { label($0, .number(1)) }, at: arrival)
        let path = "\(bench.folder.path)/retrain.parquet"
        let rows = try await log.exportLabelled(endpoint: "e", newest: 70, labelColumn: "employed", types: ["age": "BIGINT"], to: path)
        #expect(rows == 70)
        let columns = try await bench.engine.query("SELECT * FROM read_parquet('\(path)')")
        #expect(columns.names == ["age", "sex", "score", "employed", "prediction_id", "predicted_at"])
        // The newest 70 of the odd rows are 61, 63, … 199, oldest first.
        let expected = Array(stride(from: 61, to: 200, by: 2))
        let ids = try columns.column("prediction_id").strings()
        #expect(ids == expected.map { row($0).id })
        let scores = try columns.column("score").doubles()
        #expect(scores == expected.map { Double($0) / 8 })
        let labels = try columns.column("employed").values
        #expect(labels == .integers(Array(repeating: 1, count: 70)))
        guard case .integers = try columns.column("age").values else {
            Issue.record("`age` was not cast to BIGINT")
            return
        }
        #expect(try await log.exportLabelled(endpoint: "nobody", newest: 5, labelColumn: "y", to: path + "2") == 0)
    }

    @Test func `a hundred thousand rows: time of record, flush, window and evidence`() async throws {
        let bench = try Bench()
        let log = try await bench.openLog()
        let batches = (0..<100).map { batch in (batch * 1_000..<batch * 1_000 + 1_000).map { row($0) } }
        let clock = SystemTime()
        var started = clock.steadyNanoseconds()
        func lap(_ what: String) {
            let now = clock.steadyNanoseconds()
            print("prediction log, 100,000 rows: \(what) \(Double((now - started) / 1_000) / 1_000) ms")
            started = clock.steadyNanoseconds()
        }
        for batch in batches { log.record(batch) }
        lap("record")
        try await log.flush()
        lap("flush and seal")
        _ = try await log.window(endpoint: "e", rows: 50_000..<52_000)
        lap("window of 2,000 rows from a segment")
        for part in 0..<10 { _ = try await log.add((part * 10_000..<part * 10_000 + 10_000).map { label($0, .number(1)) }, at: arrival) }
        lap("100,000 labels")
        let evidence = log.evidence(endpoint: "e", versions: ["1"], since: row(50_000).time)
        lap("evidence over 50,000 rows")
        #expect(evidence["1"] == VersionEvidence(rows: 50_000, labelled: 50_000, correct: 25_000))
        #expect(try await log.labelled(endpoint: "e", rows: 0..<100_000) == 100_000)
        lap("labelled")
        _ = try await log.prediction(id: row(70_001).id)
        lap("one row by id")
        let again = try await bench.openLog()
        lap("recovery")
        #expect(try await again.count(endpoint: "e") == 100_000)
        #expect(
            again.evidence(endpoint: "e", versions: ["1"], since: .zero)["1"]
                == VersionEvidence(rows: 100_000, labelled: 100_000, correct: 50_000))
    }
}

extension FeatureColumn {
    /// NaN as -1, so that columns compare.
    var withoutNaN: [Double] { numbers.map { $0.isNaN ? -1 : $0 } }
    var numbers: [Double] { if case .numbers(let cells) = self { cells } else { [] } }
    var texts: [String?] { if case .texts(let cells) = self { cells } else { [] } }
}
