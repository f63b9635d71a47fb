package import Clockwork
import Errors
import Events
import Synchronization
package import Telemetry

/// What a caller asks of an endpoint.
package struct InferenceCall: Sendable {
    package var endpoint: String
    /// A version of the traffic plan that shall answer; nil lets the plan choose.
    package var version: String?
    package var inputs: [Tensor]
    /// What stickiness hashes; nil takes the prediction id.
    package var unit: String?
    /// Shortens the endpoint's queue timeout.
    package var timeoutMicroseconds: Int?

    package init(endpoint: String, version: String? = nil, inputs: [Tensor], unit: String? = nil, timeoutMicroseconds: Int? = nil) {
        self.endpoint = endpoint
        self.version = version
        self.inputs = inputs
        self.unit = unit
        self.timeoutMicroseconds = timeoutMicroseconds
    }
}

/// What an endpoint answered, and who answered it.
package struct InferenceAnswer: Sendable {
    package var outputs: TensorBatch
    /// The registered model.
    package var model: String
    package var version: String
    package var route: Route
    /// Of a request with one row; several rows have `ID-0`, `ID-1`, ….
    package var predictionID: String
    package var rows: Int
    package var signature: ModelSignature

    package func predictionID(row: Int) -> String { rows == 1 ? predictionID : "\(predictionID)-\(row)" }
}

/// Answers predictions: traffic plan, batcher, runtime, answer; the prediction log and shadows on the side.
package final class ServingService: Sendable {
    let store: any EndpointStore
    let source: any ModelSource
    let runtimes: ModelRuntimes
    let sink: any PredictionSink
    let metrics: MetricsRegistry
    let log: Logger
    let time: any TimeSource
    let ids: any IDSource
    let table = EndpointTable()
    let gate = SerialGate()
    let retiring = RetiringVersions()
    let shadowLane: ShadowLane
    private let accepting = Atomic<Bool>(true)

    /// Rows of one request; more are refused.
    package static let rowsMax = 100_000

    package init(
        store: any EndpointStore, source: any ModelSource, runtimes: ModelRuntimes, sink: any PredictionSink, metrics: MetricsRegistry,
        log: Logger, time: any TimeSource, ids: any IDSource
    ) {
        self.store = store
        self.source = source
        self.runtimes = runtimes
        self.sink = sink
        self.metrics = metrics
        self.log = log
        self.time = time
        self.ids = ids
        shadowLane = ShadowLane(metrics: metrics)
    }

    /// Answers one request and records its rows.
    /// - Throws: `not_found` for an unknown endpoint or version, `invalid_argument` for tensors that do not fit, `unavailable` when the
    ///   endpoint is not ready or its queue is full, `internal` when the model failed, `CancellationError` when the caller's task was
    ///   cancelled while the request waited in the queue.
    package func infer(_ call: InferenceCall) async throws -> InferenceAnswer {
        guard accepting.load(ordering: .relaxed) else {
            throw JidokaError.unavailable("the server is stopping", hint: "try another replica")
        }
        let arrival = time.steadyNanoseconds()
        let id = ids.next()
        let unit = call.unit ?? id
        let lease = try table.lease(call.endpoint, version: call.version, unit: unit)
        let served = lease.version
        defer { served.release() }
        var shadows = lease.shadows
        defer { for shadow in shadows { shadow.release() } }

        let inputs: TensorBatch
        do {
            inputs = try served.model.signature.arranged(call.inputs, model: call.endpoint)
            guard inputs.rows <= ServingService.rowsMax else {
                throw JidokaError.invalidArgument("a request has at most \(ServingService.rowsMax) rows", hint: "send several requests")
            }
        } catch {
            served.metrics(lease.route).refused.add()
            throw error
        }
        let rows = served.model.signature.isBatchable ? inputs.rows : 1
        let job = RecordedJob(endpoint: call.endpoint, id: id, unit: unit, inputs: inputs, rows: rows, arrival: arrival)
        let answer = try await run(job, on: served, route: lease.route, model: lease.model, timeoutMicroseconds: call.timeoutMicroseconds)
        if !shadows.isEmpty {
            startShadows(shadows, job, model: lease.model)
            shadows = []  // their jobs release them
        }
        return InferenceAnswer(
            outputs: answer.outputs, model: lease.model, version: served.artifact.version, route: lease.route, predictionID: id, rows: rows,
            signature: served.model.signature)
    }

    /// Runs checked inputs on one version, and counts and records what came of it.
    func run(_ job: RecordedJob, on served: ServedVersion, route: Route, model: String, timeoutMicroseconds: Int?) async throws
        -> BatchAnswer
    {
        let meters = served.metrics(route)
        do {
            let answer = try await served.batched.infer(job.inputs, timeoutMicroseconds: timeoutMicroseconds)
            let elapsed = time.steadyNanoseconds() &- job.arrival
            meters.observe(answer, rows: job.rows, seconds: Double(elapsed) / 1e9)
            let latency = Int64(clamping: elapsed / 1_000)
            let now = time.now()
            served.statistics.record(latencyMicroseconds: latency, at: now)
            sink.record(job.records(on: served, route: route, model: model, outputs: answer.outputs, at: now, latencyMicroseconds: latency))
            return answer
        } catch let left as CancellationError {
            // The caller's doing: the version has not failed.
            meters.cancelled.add()
            throw left
        } catch {
            let failure = JidokaError.wrapping(error)
            if failure.code == .invalidArgument {
                meters.refused.add()
                throw failure
            }
            meters.failed.add()
            let now = time.now()
            let latency = Int64(clamping: (time.steadyNanoseconds() &- job.arrival) / 1_000)
            served.statistics.record(latencyMicroseconds: nil, at: now)
            sink.record(
                job.records(on: served, route: route, model: model, failure: failure.message, at: now, latencyMicroseconds: latency))
            throw failure
        }
    }

    /// Refuses new requests, waits for those in flight, and unloads all models.
    package func close() async {
        accepting.store(false, ordering: .relaxed)
        for entry in table.all { retire(table.swap(entry.endpoint.name, to: nil)) }
        await retiring.settle()
    }
}
