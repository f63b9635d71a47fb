/// How far a trace is; raw values are MLflow's.
package enum TraceState: String, Sendable, CaseIterable {
    case unspecified = "STATE_UNSPECIFIED"
    case ok = "OK"
    case error = "ERROR"
    case inProgress = "IN_PROGRESS"
}

/// Keys of tags and metadata that MLflow's clients and this area give a meaning.
package enum TraceKey {
    /// Tag: the name that is shown and searched as `name`.
    package static let name = "mlflow.traceName"
    /// Tag: where files of the trace (attachments; spans of old clients) lie.
    package static let artifactLocation = "mlflow.artifactLocation"
    /// Tag: `TRACKING_STORE` once spans are kept here; clients then read them from the server instead of an artifact.
    package static let spansLocation = "mlflow.trace.spansLocation"
    package static let storedHere = "TRACKING_STORE"
    /// Metadata: `true` once the client itself has told the times; spans change them no more.
    package static let finalized = "mlflow.trace.infoFinalized"
    /// Metadata: `{"num_spans": …}`; a trace with fewer spans is not fully exported yet.
    package static let sizeStats = "mlflow.trace.sizeStats"
    package static let tokenUsage = "mlflow.trace.tokenUsage"
    package static let cost = "mlflow.trace.cost"
    package static let session = "mlflow.trace.session"
    package static let user = "mlflow.trace.user"
    package static let sourceRun = "mlflow.sourceRun"
}

/// A trace without its spans: one request through an application. `id` is `tr-` and the 32 hexadecimal digits of the OpenTelemetry trace.
package struct TraceInfo: Sendable, Equatable {
    package var id: String
    package var experimentID: String
    /// Milliseconds since 1970.
    package var requestTime: Int64
    /// Milliseconds; nil while it runs.
    package var duration: Int64?
    package var state: TraceState
    package var clientRequestID: String?
    /// What was asked and answered, cut to 1,000 characters by the sender or by this server.
    package var requestPreview: String?
    package var responsePreview: String?
    /// Fixed by the sender: source, user, session, sizes.
    package var metadata: [String: String]
    /// May be changed later.
    package var tags: [String: String]
    /// Oldest first.
    package var assessments: [Assessment]

    package init(
        id: String, experimentID: String, requestTime: Int64, duration: Int64? = nil, state: TraceState = .unspecified,
        clientRequestID: String? = nil, requestPreview: String? = nil, responsePreview: String? = nil, metadata: [String: String] = [:],
        tags: [String: String] = [:], assessments: [Assessment] = []
    ) {
        self.id = id
        self.experimentID = experimentID
        self.requestTime = requestTime
        self.duration = duration
        self.state = state
        self.clientRequestID = clientRequestID
        self.requestPreview = requestPreview
        self.responsePreview = responsePreview
        self.metadata = metadata
        self.tags = tags
        self.assessments = assessments
    }

    package var isStoredHere: Bool { tags[TraceKey.spansLocation] == TraceKey.storedHere }
}

/// A trace with its spans: the roots first, then by start.
package struct Trace: Sendable, Equatable {
    package var info: TraceInfo
    /// Each the JSON object that `StoredSpan.content` describes.
    package var spans: [String]

    package init(info: TraceInfo, spans: [String]) {
        self.info = info
        self.spans = spans
    }
}

/// How the end of a trace is told by clients of the second trace protocol.
package struct TraceEnding: Sendable {
    package var endTime: Int64
    package var state: TraceState
    package var metadata: [String: String]
    package var tags: [String: String]

    package init(endTime: Int64, state: TraceState, metadata: [String: String], tags: [String: String]) {
        self.endTime = endTime
        self.state = state
        self.metadata = metadata
        self.tags = tags
    }
}

/// Which traces of an experiment are deleted: the named ones, or the oldest up to a time.
package enum TraceSelection: Sendable, Equatable {
    case ids([String])
    /// `requestTime <= olderThan` (milliseconds), at most `limit` of them, the oldest first.
    case older(than: Int64, limit: Int?)
}
