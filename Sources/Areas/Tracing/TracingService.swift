package import Clockwork
import Errors
import Events
import JSON

/// Where traces belong: experiments and runs, which are another area's.
package protocol TracePlaces: Sendable {
    /// The URI below which the experiment's artifacts lie.
    /// - Throws: `not_found` for no such experiment; `invalid_argument` when it is deleted.
    func artifactLocation(ofExperiment id: String) async throws -> String
    /// - Throws: `not_found`.
    func requireRun(_ id: String) async throws
}

/// The rules of traces, spans and assessments; stores only keep.
package struct TracingService: Sendable {
    let traces: any TraceStore
    let searches: any TraceSearchStore
    let assessments: any AssessmentStore
    let places: any TracePlaces
    let time: any TimeSource
    let ids: any IDSource

    package init(
        traces: any TraceStore, searches: any TraceSearchStore, assessments: any AssessmentStore, places: any TracePlaces,
        time: any TimeSource, ids: any IDSource
    ) {
        self.traces = traces
        self.searches = searches
        self.assessments = assessments
        self.places = places
        self.time = time
        self.ids = ids
    }

    /// A trace as its client tells it; its assessments get ids when they have none.
    package func start(_ info: TraceInfo) async throws -> TraceInfo {
        guard !info.id.isEmpty, info.id.utf8.count <= TracingLimits.keyMax else {
            throw JidokaError.invalidArgument("the trace id `\(info.id.prefix(100))` is empty or longer than \(TracingLimits.keyMax) bytes")
        }
        var trace = try checked(info)
        trace.tags[TraceKey.artifactLocation] = try await artifacts(of: trace.id, experimentID: trace.experimentID)
        trace.metadata[TraceKey.finalized] = "true"
        trace.assessments = try info.assessments.map { try prepared($0, traceID: info.id) }
        return try await traces.start(trace)
    }

    /// A trace of the second protocol, still running.
    package func begin(
        experimentID: String, requestTime: Int64, metadata: [String: String], tags: [String: String]
    ) async throws -> TraceInfo {
        let draft = TraceInfo(
            id: ids.next(), experimentID: experimentID, requestTime: requestTime, state: .inProgress, metadata: metadata, tags: tags)
        var trace = try checked(draft)
        trace.tags[TraceKey.artifactLocation] = try await artifacts(of: trace.id, experimentID: experimentID)
        return try await traces.start(trace)
    }

    package func end(id: String, _ ending: TraceEnding) async throws -> TraceInfo {
        for key in ending.tags.keys { try TracingLimits.checkKey(key) }
        var ending = ending
        ending.tags = ending.tags.mapValues(TracingLimits.tagValue)
        return try await traces.end(id: id, ending)
    }

    /// Spans as OpenTelemetry tells them, durable on return. All are refused when one is.
    /// - Returns: how many spans.
    @discardableResult
    package func record(_ batches: [SpanBatch], experimentID: String, run: String?) async throws -> Int {
        let count = batches.reduce(0) { $0 + $1.spans.count }
        guard count <= TracingLimits.spansMax else {
            throw JidokaError.invalidArgument(
                "the request has \(count) spans; at most \(TracingLimits.spansMax) are taken", hint: "export smaller batches")
        }
        let grouped = try TraceSpans.group(batches)
        if grouped.isEmpty { return 0 }
        let root = try await places.artifactLocation(ofExperiment: experimentID)
        if let run { try await places.requireRun(run) }
        try await traces.append(grouped, experimentID: experimentID, artifactRoot: TracingService.folder(root), run: run)
        return count
    }

    package func info(id: String) async throws -> TraceInfo {
        guard let info = try await traces.infos(ids: [id], experiments: nil).first else { throw TracingErrors.noTrace(id) }
        return info
    }

    package func infos(ids: [String], experiments: [String]?) async throws -> [TraceInfo] {
        try TracingService.checkCount(ids)
        return try await traces.infos(ids: ids, experiments: experiments)
    }

    /// - Throws: `not_found` when its spans are not kept here, or (unless `partial`) when some are still missing.
    package func trace(id: String, partial: Bool) async throws -> Trace {
        guard let info = try await traces.infos(ids: [id], experiments: nil).first else {
            throw JidokaError.notFound("Trace with ID \(id) is not found.")
        }
        guard info.isStoredHere else { throw TracingErrors.notStoredHere(id) }
        let spans = try await traces.spans(traceIDs: [id])[id] ?? []
        guard partial || TracingService.isComplete(info, spans.count) else { throw TracingErrors.notExported(id) }
        return Trace(info: info, spans: spans)
    }

    /// The traces among `ids` whose spans are all here; the others are passed over.
    package func traces(ids: [String], experiments: [String]?) async throws -> [Trace] {
        try TracingService.checkCount(ids)
        let infos = try await traces.infos(ids: ids, experiments: experiments).filter(\.isStoredHere)
        let spans = try await traces.spans(traceIDs: infos.map(\.id))
        return infos.compactMap { info in
            guard let own = spans[info.id], TracingService.isComplete(info, own.count) else { return nil }
            return Trace(info: info, spans: own)
        }
    }

    package func setTag(key: String, value: String, id: String) async throws {
        try TracingLimits.checkName(key)
        try await traces.setTag(key: key, value: TracingLimits.tagValue(value), id: id)
    }

    package func deleteTag(key: String, id: String) async throws {
        guard try await traces.deleteTag(key: key, id: id) else { throw TracingErrors.noTag(key, trace: id) }
    }

    package func delete(_ selection: TraceSelection, experimentID: String, actor: String) async throws -> Int {
        switch selection {
        case .ids(let ids): try TracingService.checkCount(ids)
        case .older(_, let limit?) where limit <= 0:
            throw JidokaError.invalidArgument("`max_traces` must be a positive integer, received \(limit).")
        case .older: break
        }
        return try await traces.delete(selection, experimentID: experimentID) { count in
            EventDraft(
                kind: "traces.deleted", subject: EventSubject("experiment", experimentID), actor: actor, reason: "",
                payload: ["traces": .int(Int64(count))], time: time.now())
        }
    }

    package func link(traceIDs: [String], run: String) async throws {
        guard traceIDs.count <= TracingLimits.linksMax else {
            throw JidokaError.invalidArgument(
                "Cannot link more than \(TracingLimits.linksMax) traces to a run in a single request. Provided \(traceIDs.count) traces.")
        }
        try await places.requireRun(run)
        try await traces.link(traceIDs: traceIDs, run: run)
    }

    /// `prompts` are `name/version`.
    package func link(prompts: [String], traceID: String) async throws {
        guard prompts.count <= TracingLimits.promptsMax else {
            throw JidokaError.invalidArgument("a trace is linked to at most \(TracingLimits.promptsMax) prompts in one request")
        }
        try await traces.link(prompts: prompts, traceID: traceID)
    }

    // MARK: rules

    private func checked(_ info: TraceInfo) throws -> TraceInfo {
        for key in info.tags.keys { try TracingLimits.checkKey(key) }
        for key in info.metadata.keys { try TracingLimits.check(key, "key", atMost: TracingLimits.keyMax) }
        if let session = info.metadata[TraceKey.session] {
            try TracingLimits.check(session, "Session ID", atMost: TracingLimits.keyMax)
        }
        if let name = info.tags[TraceKey.name] { try TracingLimits.check(name, "Trace name", atMost: TracingLimits.nameMax) }
        var trace = info
        trace.tags = info.tags.mapValues(TracingLimits.tagValue)
        trace.requestPreview = info.requestPreview.map(TracingLimits.preview)
        trace.responsePreview = info.responsePreview.map(TracingLimits.preview)
        return trace
    }

    private func artifacts(of id: String, experimentID: String) async throws -> String {
        "\(TracingService.folder(try await places.artifactLocation(ofExperiment: experimentID)))/\(id)/artifacts"
    }

    private static func folder(_ location: String) -> String { location.hasSuffix("/") ? "\(location)traces" : "\(location)/traces" }

    private static func checkCount(_ ids: [String]) throws {
        guard ids.count <= TracingLimits.pageMax else {
            throw JidokaError.invalidArgument("at most \(TracingLimits.pageMax) traces are taken at once; \(ids.count) are named")
        }
    }

    /// Whether as many spans are here as the trace's client says it has.
    private static func isComplete(_ info: TraceInfo, _ spans: Int) -> Bool {
        guard spans > 0 else { return false }
        let stats = info.metadata[TraceKey.sizeStats].map(AttributeText.load)
        return spans >= Int(stats?["num_spans"]?.intValue ?? 0)
    }
}
