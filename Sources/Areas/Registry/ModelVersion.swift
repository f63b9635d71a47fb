package import Clockwork

/// How far a version is. The raw values are MLflow's. READY means: its bytes, its digest, and (where the server may) its loading and one
/// prediction were verified.
package enum ModelVersionStatus: String, Sendable, CaseIterable {
    case pending = "PENDING_REGISTRATION"
    case ready = "READY"
    case failed = "FAILED_REGISTRATION"
}

/// Names one version.
package struct ModelVersionRef: Sendable, Hashable, CustomStringConvertible {
    package var name: String
    package var version: Int
    /// Where its files lie, as `ModelSource.location`.
    package var location: String
    /// The content identity when it was verified.
    package var digest: String?

    package init(name: String, version: Int, location: String, digest: String? = nil) {
        self.name = name
        self.version = version
        self.location = location
        self.digest = digest
    }

    /// `name/version`: the id of its events.
    package var description: String { "\(name)/\(version)" }
}

/// One immutable version of a registered model. Versions count up from 1 and are never used twice.
package struct ModelVersion: Sendable, Hashable {
    package var name: String
    package var version: Int
    package var description: String
    package var stage: ModelStage
    package var status: ModelVersionStatus
    /// Why it failed, or what verification saw.
    package var statusMessage: String
    /// As the client gave it: `models:/m-…`, `runs:/<id>/<path>`, `mlflow-artifacts:/…`.
    package var source: String
    /// The artifact URI that `source` meant at registration.
    package var storageLocation: String
    package var runID: String
    package var runLink: String
    package var modelID: String
    package var userID: String
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var tags: [ModelTag]
    package var aliases: [String]
    /// nil until verification ran.
    package var verification: VerificationReport?

    package init(
        name: String, version: Int, description: String = "", stage: ModelStage = .none, status: ModelVersionStatus = .pending,
        statusMessage: String = "", source: String, storageLocation: String, runID: String = "", runLink: String = "", modelID: String = "",
        userID: String = "", createdAt: Timestamp, updatedAt: Timestamp, tags: [ModelTag] = [], aliases: [String] = [],
        verification: VerificationReport? = nil
    ) {
        self.name = name
        self.version = version
        self.description = description
        self.stage = stage
        self.status = status
        self.statusMessage = statusMessage
        self.source = source
        self.storageLocation = storageLocation
        self.runID = runID
        self.runLink = runLink
        self.modelID = modelID
        self.userID = userID
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.tags = tags
        self.aliases = aliases
        self.verification = verification
    }

    package var ref: ModelVersionRef {
        ModelVersionRef(name: name, version: version, location: storageLocation, digest: verification?.digest)
    }
}

/// A version before it has a number.
package struct ModelVersionDraft: Sendable {
    package var name: String
    package var description: String
    package var source: String
    package var storageLocation: String
    package var runID: String
    package var runLink: String
    package var modelID: String
    package var userID: String
    package var tags: [ModelTag]
    package var status: ModelVersionStatus
    package var time: Timestamp

    package init(
        name: String, description: String, source: String, storageLocation: String, runID: String, runLink: String, modelID: String,
        userID: String, tags: [ModelTag], status: ModelVersionStatus, time: Timestamp
    ) {
        self.name = name
        self.description = description
        self.source = source
        self.storageLocation = storageLocation
        self.runID = runID
        self.runLink = runLink
        self.modelID = modelID
        self.userID = userID
        self.tags = tags
        self.status = status
        self.time = time
    }
}

/// What may change about a version; nil leaves as it is.
package struct ModelVersionChange: Sendable {
    package var description: String?
    package var status: ModelVersionStatus?
    package var statusMessage: String?
    package var verification: VerificationReport?

    package init(
        description: String? = nil, status: ModelVersionStatus? = nil, statusMessage: String? = nil, verification: VerificationReport? = nil
    ) {
        self.description = description
        self.status = status
        self.statusMessage = statusMessage
        self.verification = verification
    }
}
