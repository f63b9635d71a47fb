import Clockwork
import Errors
import JSON
import Serving
import Synchronization
import Telemetry

/// A model in a pool of processes. A process that dies fails the request that it was asked, and is started again.
final class PythonModel: LoadedModel {
    let signature: ModelSignature
    private struct State {
        var roster: WorkerRoster
        var workers: [PythonWorker?]
        var waiting: [Int: CheckedContinuation<Int, any Error>] = [:]
        var next = 0
        var isClosed = false
    }
    private let state: Mutex<State>
    private let settings: WorkerSettings
    private let name: String
    private let pool: BlockingPool
    private let time: any TimeSource
    private let log: Logger

    /// - Parameter workers: at least one; all describe the same model.
    init(
        _ workers: [PythonWorker], _ settings: WorkerSettings, artifact: ModelArtifact, pool: BlockingPool, time: any TimeSource,
        log: Logger
    ) {
        signature = ModelSignature(
            inputs: workers[0].inputs, outputs: workers[0].outputs, featureNames: artifact.featureNames, classLabels: artifact.classLabels)
        state = Mutex(State(roster: WorkerRoster(running: workers.count), workers: workers))
        self.settings = settings
        name = "\(artifact.model)/\(artifact.version)"
        self.pool = pool
        self.time = time
        self.log = log
    }

    func infer(_ inputs: TensorBatch) async throws -> TensorBatch {
        let slot = try await ask()
        guard let worker = state.withLock({ $0.workers[slot] }) else { throw PythonModel.lost }
        do {
            let outputs = try await pool.run { try worker.infer(inputs) }
            returned(slot)
            return outputs
        } catch let error as JidokaError where error.code == .unavailable {
            worker.stop()  // whoever watches it starts another one
            throw error
        } catch {
            returned(slot)
            throw error
        }
    }

    private static let lost = JidokaError.unavailable("the model's process has just ended", hint: "try again")
    private static let closed = JidokaError.unavailable("the model is not in memory any more")

    /// The slot of a process that is the caller's until `returned`, or until the process ends.
    private func ask() async throws -> Int {
        try await withCheckedThrowingContinuation { continuation in
            let actions: [WorkerRoster.Action]? = state.withLock { state in
                if state.isClosed { return nil }
                state.next += 1
                state.waiting[state.next] = continuation
                return state.roster.ask(state.next)
            }
            guard let actions else { return continuation.resume(throwing: PythonModel.closed) }
            perform(actions)
        }
    }

    private func returned(_ slot: Int) {
        perform(
            state.withLock { state in
                state.roster.answered(slot)
                return state.roster.release(slot)
            })
    }

    /// Has another process started when this one ends, in the middle of a request or not.
    func watch(_ worker: PythonWorker, in slot: Int) {
        Task { [weak self] in
            let status = await worker.exit.value
            self?.ended(worker, slot, status)
        }
    }

    private func ended(_ worker: PythonWorker, _ slot: Int, _ status: Int) {
        let actions: [WorkerRoster.Action]? = state.withLock { state in
            guard !state.isClosed, state.workers[slot] === worker else { return nil }
            state.workers[slot] = nil
            return state.roster.died(slot)
        }
        guard let actions else { return }
        log.warning(
            "a process of a model ended and is started again",
            [("model", .string(name)), ("status", .int(Int64(status))), ("log", .string(settings.log))])
        perform(actions)
    }

    private func perform(_ actions: [WorkerRoster.Action]) {
        for action in actions {
            switch action {
            case .grant(let request, let slot): state.withLock { $0.waiting.removeValue(forKey: request) }?.resume(returning: slot)
            case .refuse(let request, let why):
                state.withLock { $0.waiting.removeValue(forKey: request) }?
                    .resume(throwing: JidokaError.unavailable("no process of the model starts: \(why)", hint: "see `\(settings.log)`"))
            case .start(let slot, let pause): Task { [self] in await start(slot, after: pause) }
            }
        }
    }

    private func start(_ slot: Int, after pause: UInt64) async {
        do { try await time.sleep(for: .nanoseconds(pause)) } catch { return }
        if state.withLock({ $0.isClosed }) { return }
        do {
            let worker = try await pool.run { [settings, time] in try PythonWorker(settings, time: time) }
            let actions: [WorkerRoster.Action]? = state.withLock { state in
                if state.isClosed { return nil }
                state.workers[slot] = worker
                return state.roster.started(slot)
            }
            guard let actions else { return worker.stop() }
            watch(worker, in: slot)
            perform(actions)
        } catch {
            let failure = JidokaError.wrapping(error)
            log.error(
                "a process of a model cannot be started", [("model", .string(name)), ("error", .string(failure.description))])
            perform(state.withLock { $0.isClosed ? [] : $0.roster.failed(slot, failure.message) })
        }
    }

    func unload() async {
        let (workers, waiting) = state.withLock { state in
            state.isClosed = true
            defer {
                state.workers = Array(repeating: nil, count: state.workers.count)
                state.waiting = [:]
            }
            return (state.workers.compactMap { $0 }, Array(state.waiting.values))
        }
        for continuation in waiting { continuation.resume(throwing: PythonModel.closed) }
        for worker in workers { worker.stop() }
        for worker in workers { _ = await worker.exit.value }
    }
}
