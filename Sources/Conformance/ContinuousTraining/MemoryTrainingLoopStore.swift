package import ContinuousTraining
import Errors
package import Events
import JSON
import Synchronization

/// Training loops in memory. What is kept went through its document form, so that a member that the document lacks is missed here too.
package final class MemoryTrainingLoopStore: TrainingLoopStore {
    private let kept = Mutex<[String: TrainingLoop]>([:])
    private let log: MemoryEventLog

    package init(log: MemoryEventLog) { self.log = log }

    package func loop(endpoint: String) async throws -> TrainingLoop? { kept.withLock { $0[endpoint] } }

    package func create(_ loop: TrainingLoop) async throws {
        let document = try TrainingLoop(json: .object(loop.json))
        try kept.withLock { kept in
            guard kept[loop.endpoint] == nil else {
                throw JidokaError(.conflict, "endpoint `\(loop.endpoint)` has a training loop already")
            }
            kept[loop.endpoint] = document
        }
    }

    package func update(_ loop: TrainingLoop, events: [EventDraft]) async throws {
        let document = try TrainingLoop(json: .object(loop.json))
        try kept.withLock { kept in
            guard let stored = kept[loop.endpoint], stored.revision < loop.revision else {
                throw JidokaError(.conflict, "the training loop of `\(loop.endpoint)` was changed by another")
            }
            kept[loop.endpoint] = document
            log.add(events)
        }
    }
}
