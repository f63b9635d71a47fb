import Clockwork
import Errors
package import Monitoring
package import Serving

/// What every prediction log must do for serving, labels and monitoring. `flush` makes what was recorded readable.
package enum PredictionHistoryContract {
    package struct Subject: Sendable {
        package var sink: any PredictionSink
        package var history: any PredictionHistory
        package var labels: any LabelStore
        package var flush: @Sendable () async throws -> Void

        package init(
            sink: any PredictionSink, history: any PredictionHistory, labels: any LabelStore,
            flush: @escaping @Sendable () async throws -> Void
        ) {
            self.sink = sink
            self.history = history
            self.labels = labels
            self.flush = flush
        }
    }
    package typealias Check = @Sendable (Subject) async throws -> Void

    package static let checks: [(name: String, run: Check)] = [
        ("rows keep their order and get positions from 0", keepsOrder), ("shadow and failed rows do not count", countsServed),
        ("labels join in any order, the newest counts", joinsLabels), ("endpoints are apart", separatesEndpoints),
        ("an unknown endpoint has no rows", knowsNothing),
    ]

    /// Row `n`, whose cells follow from `n`.
    package static func row(_ n: Int, endpoint: String = "e", route: Route = .champion, error: String? = nil) -> PredictionRecord {
        let id = hex16(UInt64(n) + 1) + hex16(SplitMix64.mix(UInt64(n)))
        return PredictionRecord(
            id: id, endpoint: endpoint, route: route, model: "m", version: "\(n % 3)", unit: id,
            time: Timestamp(microseconds: 1_000 + Int64(n)),
            latencyMicroseconds: 5, featureNames: ["x", "word"],
            features: [n % 4 == 0 ? .missing : .number(Double(n)), .text("w\(n % 2)")],
            prediction: error == nil ? .number(Double(n % 2)) : .missing, score: 0.25, error: error)
    }

    private static let keepsOrder: Check = { subject in
        subject.sink.record((0..<30).map { row($0) })
        subject.sink.record((30..<50).map { row($0) })
        try await subject.flush()
        try require(try await subject.history.count(endpoint: "e") == 50, "all rows are counted")
        let window = try await subject.history.window(endpoint: "e", rows: 20..<40)
        try require(window.rows == 20..<40, "the window tells its rows")
        try require(window.times == (20..<40).map { row($0).time }, "rows come in the order of their recording")
        try require(window.versions == (20..<40).map { "\($0 % 3)" }, "versions are those that answered")
        try require(window.featureNames == ["x", "word"], "features keep their names")
        guard case .numbers(let x) = window.features[0], case .texts(let words) = window.features[1],
            case .numbers(let predicted) = window.prediction
        else { throw JidokaError.internal("columns keep their types") }
        try require(zip(20..<40, x).allSatisfy { $0 % 4 == 0 ? $1.isNaN : $1 == Double($0) }, "numbers come back, missing cells as NaN")
        try require(words == (20..<40).map { "w\($0 % 2)" }, "texts come back")
        try require(predicted == (20..<40).map { Double($0 % 2) }, "predictions come back")
        try require(window.scores == Array(repeating: 0.25, count: 20), "scores come back")
        for rows: Range<Int64> in [40..<51, -1..<3] {
            do {
                _ = try await subject.history.window(endpoint: "e", rows: rows)
                throw JidokaError.internal("a window outside the log is refused")
            } catch let error as JidokaError where error.code == .invalidArgument { continue }
        }
    }

    private static let countsServed: Check = { subject in
        subject.sink.record([row(0), row(1, route: .shadow), row(2, error: "no"), row(3, route: .challenger), row(4, route: .version)])
        try await subject.flush()
        try require(try await subject.history.count(endpoint: "e") == 3, "three rows count")
        try require(
            try await subject.history.window(endpoint: "e", rows: 0..<3).times == [0, 3, 4].map { row($0).time },
            "and they have positions 0 to 2")
    }

    private static let joinsLabels: Check = { subject in
        func label(_ n: Int, _ value: Double) -> Label { Label(predictionID: row(n).id, value: .number(value), time: nil) }
        let early = try await subject.labels.add([label(2, 1)], at: .zero)
        try require(early == (1, 0), "a label that comes before its prediction is taken")
        subject.sink.record((0..<4).map { row($0) })
        try await subject.flush()
        let rest = try await subject.labels.add([label(3, 1), label(0, 0), label(2, 0)], at: Timestamp(microseconds: 9))
        try require(rest == (2, 1), "new and repeated labels are told apart")
        try require(try await subject.history.labelled(endpoint: "e", rows: 0..<4) == 3, "three rows have labels")
        try require(try await subject.history.labelled(endpoint: "e", rows: 1..<2) == 0, "one has none")
        guard case .numbers(let labels) = try await subject.history.window(endpoint: "e", rows: 0..<4).labels else {
            throw JidokaError.internal("labels are numbers")
        }
        try require(labels[0] == 0 && labels[1].isNaN && labels[2] == 0 && labels[3] == 1, "the newest label of an id counts")
    }

    private static let separatesEndpoints: Check = { subject in
        subject.sink.record([row(0, endpoint: "a"), row(1, endpoint: "b"), row(2, endpoint: "a")])
        try await subject.flush()
        try require(try await subject.history.count(endpoint: "a") == 2, "one endpoint has two rows")
        try require(try await subject.history.window(endpoint: "b", rows: 0..<1).times == [row(1).time], "the other has its own")
    }

    private static let knowsNothing: Check = { subject in
        try require(try await subject.history.count(endpoint: "nobody") == 0, "there are no rows")
        try require(try await subject.history.labelled(endpoint: "nobody", rows: 0..<0) == 0, "nor labels")
        try require(try await subject.history.window(endpoint: "nobody", rows: 0..<0).times.isEmpty, "an empty window is no error")
    }
}

private func require(_ holds: Bool, _ what: String) throws {
    if !holds { throw JidokaError.internal("the log breaks its contract: \(what)") }
}
