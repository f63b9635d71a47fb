import Clockwork

/// What a version that was made elsewhere keeps beside the facts of its draft, whose `time` is when it was made there.
package struct KeptVersion: Sendable, Hashable {
    /// Its number there.
    package var number: Int
    package var stage: ModelStage
    package var statusMessage: String

    /// Marks a version whose number was taken here; the value is `origin`.
    package static let originTag = "jidoka.origin"

    package init(number: Int, stage: ModelStage, statusMessage: String = "") {
        self.number = number
        self.stage = stage
        self.statusMessage = statusMessage
    }

    /// What tells it from every other version of the same model: number, moment and run. The source is not in it, because it may be
    /// written anew on the way.
    package func origin(of draft: ModelVersionDraft) -> String { "\(number)/\(draft.time.milliseconds)/\(draft.runID)" }
}

/// What came of taking in a version.
package struct AdoptedVersion: Sendable {
    /// As it is here now; nil when it was deleted here since.
    package var version: ModelVersion?
    package var isNew: Bool

    package init(_ version: ModelVersion?, isNew: Bool) {
        self.version = version
        self.isNew = isNew
    }
}
