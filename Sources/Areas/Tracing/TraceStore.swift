package import Events

/// Keeps traces and their spans.
///
/// Traces and spans are data points, not changes of state: they have no events, like metric points. Deleting traces has one. Everything a
/// method writes is one transaction, durable on return. Methods that name a trace which does not exist throw `TracingErrors.noTrace` and
/// change nothing, unless they say otherwise. Spans and the trace itself may come in any order and more than once: the same trace is
/// then added to, the same span replaced. Every method may be called from any task.
package protocol TraceStore: Sendable {
    /// A new trace, or what its client tells of one that spans have made already: the client's times, state and previews then win, tags and
    /// metadata are added to (new values win), assessments are added.
    func start(_ info: TraceInfo) async throws -> TraceInfo
    /// Adds spans to their traces; a trace that is not there is made in `experimentID`, its artifacts below `artifactRoot` (a URI).
    ///
    /// Until its client has told the times (`TraceKey.finalized`), a trace reaches from its first start to its last end. A root gives a
    /// trace that is `inProgress` its state, and previews where there are none. Token use and cost are summed over all spans
    /// (`SpanTree.total`), where the client gave none. Traces with a root among `traces` are linked to `run` when one is named.
    func append(_ traces: [TraceSpans], experimentID: String, artifactRoot: String, run: String?) async throws
    /// With tags, metadata and assessments; those that exist, in the order of `ids`. `experiments` narrows when given.
    func infos(ids: [String], experiments: [String]?) async throws -> [TraceInfo]
    /// The content of all spans by trace: roots first, then by start. Traces without spans are left out.
    func spans(traceIDs: [String]) async throws -> [String: [String]]
    /// Ends a trace of the second protocol: its duration runs from its request time to the ending's.
    func end(id: String, _ ending: TraceEnding) async throws -> TraceInfo
    func setTag(key: String, value: String, id: String) async throws
    /// False when there was no such tag.
    func deleteTag(key: String, id: String) async throws -> Bool
    /// With spans, tags, metadata, assessments and links. Ids that are not in the experiment are passed over. The event is written when
    /// anything was deleted. - Returns: how many.
    func delete(_ selection: TraceSelection, experimentID: String, event: @escaping @Sendable (Int) -> EventDraft) async throws -> Int
    /// Traces that do not exist are passed over; a link that is there stays.
    func link(traceIDs: [String], run: String) async throws
    /// `prompts` are `name/version`.
    func link(prompts: [String], traceID: String) async throws
}

/// Answers questions over many traces.
package protocol TraceSearchStore: Sendable {
    /// At most `search.limit` (1...500) traces in the order of the search.
    func search(_ search: TraceSearch) async throws -> TracePage
    /// How many traces of the experiments match each of the filters; they are counted in one snapshot.
    func counts(of filters: [TraceFilterTree], experiments: [String]) async throws -> [Int]
    /// Gives every measured value of the query to `take`, in no order.
    func measure(_ query: TraceMetricQuery, _ take: @escaping @Sendable (TraceMeasure) throws -> Void) async throws
}
