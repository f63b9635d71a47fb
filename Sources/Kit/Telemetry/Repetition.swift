package import Clockwork
import Errors
import JSON

/// Work that is done again and again until its task is cancelled. A `JidokaError` is a warning and the work is tried again after the
/// interval; any other error ends it.
package struct Repetition: Sendable {
    private let interval: Duration
    private let time: any TimeSource
    private let logger: Logger

    package init(every interval: Duration, time: any TimeSource, logger: Logger) {
        self.interval = interval
        self.time = time
        self.logger = logger
    }

    /// Tries `work` until it has succeeded once.
    package func untilDone(_ complaint: String, _ work: () async throws -> Void) async throws {
        while try await !succeeds(complaint, work) { try await time.sleep(for: interval) }
    }

    /// Waits, then works, for ever.
    package func forever(_ complaint: String, _ work: () async throws -> Void) async throws -> Never {
        while true {
            try await time.sleep(for: interval)
            _ = try await succeeds(complaint, work)
        }
    }

    private func succeeds(_ complaint: String, _ work: () async throws -> Void) async throws -> Bool {
        do {
            try await work()
            return true
        } catch let error as JidokaError {
            logger.warning(complaint, [("error", .string(error.description))])
            return false
        }
    }
}
