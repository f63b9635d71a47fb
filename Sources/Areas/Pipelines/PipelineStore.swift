import Clockwork
package import Events
package import JSON

/// Keeps pipeline runs and what the cache remembers; durable on return.
///
/// `create` throws `already_exists` when a run has the same request. `update` throws `conflict` unless `run.revision` is greater than the
/// stored one. The events are written in the same transaction.
package protocol PipelineStore: Sendable {
    func create(_ run: PipelineRun, event: EventDraft) async throws
    func update(_ run: PipelineRun, events: [EventDraft]) async throws
    func run(_ id: String) async throws -> PipelineRun?
    func run(request: String) async throws -> PipelineRun?
    /// Newest first, at most `limit` (1...1000).
    func runs(limit: Int) async throws -> [PipelineRun]
    func unfinished() async throws -> [PipelineRun]
    /// The run whose step succeeded with this key.
    func cached(key: String) async throws -> String?
    func remember(key: String, run: String) async throws
}

/// The facts of the code that a run executes.
package struct CodeFacts: Sendable, Hashable {
    package var commit: String?
    package var branch: String?
    package var dirty: Bool?

    package init(commit: String? = nil, branch: String? = nil, dirty: Bool? = nil) {
        self.commit = commit
        self.branch = branch
        self.dirty = dirty
    }
}

/// A dataset version laid out for a run: paths of read-only files.
package struct PreparedData: Sendable, Hashable {
    package var digest: String
    package var train: String
    package var holdout: String

    package init(digest: String, train: String, holdout: String) {
        self.digest = digest
        self.train = train
        self.holdout = holdout
    }
}

/// What a pipeline needs around it: data, code facts, file digests and the conclusion.
package protocol PipelineWorkspace: Sendable {
    /// The digests of the versions that a new run reads: the newest of each dataset, or those named in `chosen`.
    func resolve(data chosen: [String: String]) async throws -> [String: String]
    func prepare(data: [String: String], run: String) async throws -> [String: PreparedData]
    func codeFacts() async throws -> CodeFacts
    /// SHA-256 of project files by path. - Throws: `not_found` naming the file that is missing.
    func digests(of files: [String]) async throws -> [String: String]
    /// Registers and judges the model of a run whose steps all succeeded. `sources` are the runs that did the work (cache hits name
    /// others).
    func conclude(_ run: PipelineRun, sources: [String]) async throws -> (modelVersion: String?, gate: JSONObject?, refused: String?)
}

/// One process to run.
package struct StepCommand: Sendable, Hashable {
    package var arguments: [String]
    package var environment: [String: String]
    package var timeout: Duration
    package var run: String
    package var step: String
    package var attempt: Int

    package init(
        arguments: [String], environment: [String: String], timeout: Duration, run: String, step: String, attempt: Int
    ) {
        self.arguments = arguments
        self.environment = environment
        self.timeout = timeout
        self.run = run
        self.step = step
        self.attempt = attempt
    }
}

/// Runs steps. Cancelling the task stops the step and all processes that it started; a step that overruns its time is stopped too.
package protocol StepRunner: Sendable {
    /// Exit status of the step. - Throws: `not_found` when the program is missing, `exhausted` when the time is over.
    func run(_ command: StepCommand) async throws -> Int
    /// What the step wrote to standard output and error, from `offset` bytes (from the end when negative), at most 1 MiB.
    func log(run: String, step: String, offset: Int) async throws -> [UInt8]
    /// Ends processes that an earlier life of the server left behind for this run.
    func endLeftovers(run: String) async throws
}
