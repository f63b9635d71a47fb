package import Clockwork
import Errors
import Synchronization

/// The answer to one request out of a run that it may have shared.
package struct BatchAnswer: Sendable {
    package var outputs: TensorBatch
    /// From arrival to the start of the run.
    package var queueNanoseconds: UInt64
    package var computeNanoseconds: UInt64
    /// Rows of the run, of which this request's are a part.
    package var batchRows: Int
}

/// A loaded model behind a dynamic batcher.
///
/// There is no scheduler thread: each batch is run by the task of one of its own requests. So a request that finds a free instance runs
/// without a hop, and one that waited is woken either to run its batch or with its answer.
package final class BatchedModel: Sendable {
    private struct State {
        var machine: DynamicBatcher<Waiter>
        /// When the timers that sleep will fire; a new one is only needed before the first of them.
        var timers: [UInt64] = []
        var counts = InferenceCounts()
    }
    private let model: any LoadedModel
    private let time: any TimeSource
    private let state: Mutex<State>
    /// Inputs' free dimensions after the first, as (input, dimension): what requests must agree on to be joined.
    private let freeDimensions: [(input: Int, dimension: Int)]
    private let batchable: Bool

    package init(_ model: any LoadedModel, policy: BatchPolicy, time: any TimeSource) {
        self.model = model
        self.time = time
        batchable = model.signature.isBatchable
        var machine = DynamicBatcher<Waiter>(policy: policy)
        if !batchable { machine.stopJoining() }
        state = Mutex(State(machine: machine))
        freeDimensions = model.signature.inputs.enumerated().flatMap { input, spec in
            spec.shape.indices.dropFirst().filter { spec.shape[$0] < 0 }.map { (input, $0) }
        }
    }

    package var counts: InferenceCounts { state.withLock { $0.counts } }
    /// Whether requests wait for company while an instance is free.
    package var waitsForCompany: Bool { state.withLock { $0.machine.waitsForCompany } }
    /// Requests that wait for a run.
    package var depth: Int { state.withLock { $0.machine.depth } }

    package func change(to policy: BatchPolicy) {
        let now = time.steadyNanoseconds()
        let step = state.withLock { state in
            state.machine.change(to: policy)
            if !batchable { state.machine.stopJoining() }
            return state.machine.timerFired(now: now)
        }
        _ = perform(step, in: nil)
    }

    /// Answers inputs that the signature has checked.
    /// - Throws: `unavailable` when the queue is full or the timeout expired, `CancellationError` when the caller's task is cancelled while
    ///   the request waits, and what the model throws.
    package func infer(_ inputs: TensorBatch, timeoutMicroseconds: Int? = nil) async throws -> BatchAnswer {
        let waiter = Waiter(inputs)
        let shape = freeDimensions.isEmpty ? [] : freeDimensions.map { inputs.tensors[$0.input].shape[$0.dimension] }
        let timeout = timeoutMicroseconds.map { UInt64(max(0, $0)) * 1_000 }
        let rows = batchable ? inputs.rows : 1
        let now = time.steadyNanoseconds()
        let step = state.withLock { $0.machine.enqueue(waiter, rows: rows, shape: shape, timeout: timeout, now: now) }
        if let batch = perform(step, in: waiter) { return try await lead(batch, as: waiter) }
        switch await turn(of: waiter) {
        case .lead(let batch): return try await lead(batch, as: waiter)
        case .answered(let answer): return try answer.get()
        }
    }

    /// Waits for the waiter's turn. A caller that leaves takes its request out of the queue; one that runs already is run to its end.
    private func turn(of waiter: Waiter) async -> Waiter.Turn {
        await withTaskCancellationHandler {
            await waiter.turn()
        } onCancel: {
            let now = time.steadyNanoseconds()
            let (cancelled, step) = state.withLock { state in
                let left = state.machine.cancel(where: { $0 === waiter }, now: now)
                state.counts.cancellations += UInt64(left.cancelled.count)
                return left
            }
            for request in cancelled { request.payload.settle(.answered(.failure(CancellationError()))) }
            _ = perform(step, in: nil)
        }
    }

    /// Does what the machine says; answers the batch that the task of `current` has to run itself.
    private func perform(_ step: Step, in current: Waiter?) -> [Request]? {
        var own: [Request]?
        for (request, why) in step.rejected {
            state.withLock { state in
                state.counts.failures.add(nanoseconds: 0)
                state.counts.rejections += 1
            }
            request.payload.settle(.answered(.failure(why.error)))
        }
        for batch in step.run {
            if own == nil, let current, batch.contains(where: { $0.payload === current }) {
                own = batch
            } else {
                batch[0].payload.settle(.lead(batch))
            }
        }
        if let wakeAt = step.wakeAt { setTimer(for: wakeAt) }
        return own
    }

    private func setTimer(for wakeAt: UInt64) {
        let needed = state.withLock { state in
            if state.timers.contains(where: { $0 <= wakeAt }) { return false }
            state.timers.append(wakeAt)
            return true
        }
        guard needed else { return }
        let now = time.steadyNanoseconds()
        let duration = Duration.nanoseconds(Int64(clamping: wakeAt > now ? wakeAt - now : 0))
        Task { [weak self, time] in
            // The task is never cancelled; were it, waking early would only ask the machine once more.
            try? await time.sleep(for: duration)
            self?.wake(wakeAt)
        }
    }

    private func wake(_ wakeAt: UInt64) {
        let now = time.steadyNanoseconds()
        let step = state.withLock { state in
            state.timers.removeAll { $0 == wakeAt }
            return state.machine.timerFired(now: now)
        }
        _ = perform(step, in: nil)
    }

    /// Runs a batch on an instance that is already taken for it, wakes the others with their answers and gives the leader its own.
    private func lead(_ batch: [Request], as leader: Waiter) async throws -> BatchAnswer {
        let start = time.steadyNanoseconds()
        let (outcomes, isOneRun) = await run(batch)
        let end = time.steadyNanoseconds()
        let now = time.now()
        let rows = batch.reduce(0) { $0 + $1.rows }
        let step = state.withLock { state in
            state.counts.record(
                batch.map { (start &- $0.arrival, $0.rows) }, outcomes.map { (try? $0.get()) != nil }, compute: end &- start, at: now)
            return state.machine.instanceFree(now: end, ran: isOneRun ? (batch.count, rows, end &- start) : nil)
        }
        _ = perform(step, in: nil)
        var own: Result<BatchAnswer, any Error> = .failure(JidokaError.internal("a request is not in its own batch"))
        for (request, outcome) in zip(batch, outcomes) {
            let answer = outcome.map { outputs in
                BatchAnswer(
                    outputs: outputs, queueNanoseconds: start &- request.arrival, computeNanoseconds: end &- start, batchRows: rows)
            }
            if request.payload === leader { own = answer } else { request.payload.settle(.answered(answer)) }
        }
        return try own.get()
    }

    /// One run for all; when it fails each request runs alone, so that one caller's values cannot fail another's request.
    /// - Returns: the answers, and whether they came from one run.
    private func run(_ batch: [Request]) async -> (answers: [Result<TensorBatch, any Error>], isOneRun: Bool) {
        if batch.count > 1 {
            let joined = TensorBatch.joined(batch.map(\.payload.inputs))
            if let outputs = try? await model.infer(joined) {  // the reason shows again when the guilty request runs alone
                if let parts = try? outputs.split(rows: batch.map(\.rows)) { return (parts.map { .success($0) }, true) }
                state.withLock { $0.machine.stopJoining() }
            }
        }
        var results: [Result<TensorBatch, any Error>] = []
        var isAnswered = true
        for request in batch {
            do { results.append(.success(try await model.infer(request.payload.inputs))) } catch {
                results.append(.failure(error))
                isAnswered = false
            }
        }
        return (results, isAnswered && batch.count == 1)
    }
}

private typealias Request = DynamicBatcher<Waiter>.Request
private typealias Step = DynamicBatcher<Waiter>.Step

/// One request in the queue: settled once, by whichever task gets there first.
private final class Waiter: Sendable {
    enum Turn: Sendable {
        /// Run this batch, of which the waiter is a part.
        case lead([DynamicBatcher<Waiter>.Request])
        case answered(Result<BatchAnswer, any Error>)
    }
    private enum State {
        case idle
        case waiting(CheckedContinuation<Turn, Never>)
        case settled(Turn)
    }
    let inputs: TensorBatch
    private let state = Mutex(State.idle)

    init(_ inputs: TensorBatch) { self.inputs = inputs }

    func settle(_ turn: Turn) {
        let waiting: CheckedContinuation<Turn, Never>? = state.withLock { state in
            if case .waiting(let continuation) = state { return continuation }
            state = .settled(turn)
            return nil
        }
        waiting?.resume(returning: turn)
    }

    func turn() async -> Turn {
        await withCheckedContinuation { continuation in
            let settled: Turn? = state.withLock { state in
                if case .settled(let turn) = state { return turn }
                state = .waiting(continuation)
                return nil
            }
            if let settled { continuation.resume(returning: settled) }
        }
    }
}
