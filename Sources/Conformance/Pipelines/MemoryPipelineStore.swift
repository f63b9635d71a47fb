import Errors
package import Events
package import Pipelines
import Synchronization

/// Pipeline runs in memory, for tests of the engine; it passes the same contract.
package final class MemoryPipelineStore: PipelineStore {
    private struct State {
        var runs: [String: PipelineRun] = [:]
        var cache: [String: String] = [:]
    }
    private let state = Mutex(State())
    private let log: MemoryEventLog

    package init(log: MemoryEventLog = MemoryEventLog()) { self.log = log }

    package func create(_ run: PipelineRun, event: EventDraft) async throws {
        try state.withLock { state in
            let isTaken = run.request != nil && state.runs.values.contains { $0.request == run.request }
            guard !isTaken, state.runs[run.id] == nil else { throw JidokaError.alreadyExists("the pipeline run exists") }
            state.runs[run.id] = run
            log.add([event])
        }
    }

    package func update(_ run: PipelineRun, events: [EventDraft]) async throws {
        try state.withLock { state in
            guard let stored = state.runs[run.id], stored.revision < run.revision else {
                throw JidokaError(.conflict, "pipeline run `\(run.id)` was changed by another")
            }
            state.runs[run.id] = run
            log.add(events)
        }
    }

    package func run(_ id: String) async throws -> PipelineRun? { state.withLock { $0.runs[id] } }

    package func run(request: String) async throws -> PipelineRun? {
        state.withLock { state in state.runs.values.first { $0.request == request } }
    }

    package func runs(limit: Int) async throws -> [PipelineRun] {
        guard (1...1_000).contains(limit) else { throw JidokaError.invalidArgument("`limit` must be between 1 and 1000") }
        return state.withLock { state in
            Array(state.runs.values.sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }.prefix(limit))
        }
    }

    package func unfinished() async throws -> [PipelineRun] {
        state.withLock { state in state.runs.values.filter { !$0.status.isFinal }.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) } }
    }

    package func cached(key: String) async throws -> String? { state.withLock { $0.cache[key] } }

    package func remember(key: String, run: String) async throws { state.withLock { $0.cache[key] = run } }
}
