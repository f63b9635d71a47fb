import Errors
import Events
import JSON
import Tracing

/// What every `TraceStore` and `AssessmentStore` does.
package enum TraceStoreContract {
    package static let checks: [ContractCheck<TracingStores>] = [
        ContractCheck("spans make their trace", spans), ContractCheck("the client's word wins", start),
        ContractCheck("spans may come late and twice", late), ContractCheck("token use is summed over the tree", usage),
        ContractCheck("tags are set and deleted", tags), ContractCheck("a trace of the second protocol ends", ending),
        ContractCheck("deleting takes everything along", deletion), ContractCheck("assessments override each other", overrides),
        ContractCheck("assessments change", change),
    ]

    @Sendable private static func spans(_ stores: TracingStores) async throws {
        try await stores.append(
            [TracingStores.span("tr-1", "b", parent: "a"), TracingStores.span("tr-1", "a", end: 9_000_000)], rootState: .error)
        let info = try await stores.info("tr-1")
        try Broken.unless(info?.requestTime, is: 1, "the first start")
        try Broken.unless(info?.duration, is: 8, "to the last end")
        try Broken.unless(info?.state, is: .error, "the root's state")
        try Broken.unless(info?.requestPreview, is: "asked", "the root's preview")
        try Broken.unless(info?.metadata, is: [TraceKey.session: "a"], "metadata")
        let tags = [
            TraceKey.artifactLocation: "mlflow-artifacts:/1/traces/tr-1/artifacts", TraceKey.spansLocation: TraceKey.storedHere,
            "service.name": "s",
        ]
        try Broken.unless(info?.tags, is: tags, "tags")
        let contents = try await stores.traces.spans(traceIDs: ["tr-1", "tr-9"])
        try Broken.unless(contents["tr-1"]?.count, is: 2, "both spans")
        try Broken.unless(contents["tr-9"] == nil, "none of another")
        try Broken.unless(try await stores.kinds(), is: [], "no events")
    }

    @Sendable private static func start(_ stores: TracingStores) async throws {
        try await stores.append([TracingStores.span("tr-1", "a")])
        try Broken.unless(try await stores.info("tr-1")?.state, is: .inProgress, "no root yet")
        let told = TraceInfo(
            id: "tr-1", experimentID: "2", requestTime: 77, duration: 5, state: .ok, clientRequestID: "c", responsePreview: "said",
            metadata: [TraceKey.finalized: "true"], tags: ["t": "1"])
        let kept = try await stores.traces.start(told)
        try Broken.unless([kept.requestTime, kept.duration ?? 0], is: [77, 5], "the client's times")
        try Broken.unless(kept.experimentID, is: "2", "the client's experiment")
        try Broken.unless(kept.requestPreview, is: "asked", "what the client does not tell stays")
        try Broken.unless(kept.tags["t"], is: "1", "tags are added")
        try Broken.unless(kept.isStoredHere, "and kept")
        try await stores.append([TracingStores.span("tr-1", "b", start: 0, end: 900_000_000)], rootState: .error)
        let after = try await stores.info("tr-1")
        try Broken.unless([after?.requestTime, after?.duration], is: [77, 5], "late spans do not change what was told")
        try Broken.unless(after?.state, is: .ok, "nor the state")
    }

    @Sendable private static func late(_ stores: TracingStores) async throws {
        try await stores.append([TracingStores.span("tr-1", "a", start: 5_000_000, end: 6_000_000)])
        try await stores.append([TracingStores.span("tr-1", "b", parent: "a", start: 2_000_000, end: 7_000_000)])
        try await stores.append(
            [TracingStores.span("tr-1", "a", name: "again", start: 5_000_000, end: 6_000_000)], rootState: .ok, run: "r1")
        let info = try await stores.info("tr-1")
        try Broken.unless([info?.requestTime, info?.duration], is: [2, 5], "stretched")
        try Broken.unless(info?.state, is: .ok, "the root came last")
        let contents = try await stores.traces.spans(traceIDs: ["tr-1"])["tr-1"] ?? []
        try Broken.unless(contents.count, is: 2, "replaced, not added")
        try Broken.unless(contents[0].contains("again"), "the root first, as it came last")
        let search = TraceSearch(experimentIDs: ["1"], filter: try TraceFilter.parse("run_id = 'r1'"))
        try Broken.unless(try await stores.searches.search(search).items.map(\.id), is: ["tr-1"], "linked to its run")
    }

    @Sendable private static func usage(_ stores: TracingStores) async throws {
        let tokens = ["input_tokens": 10.0, "output_tokens": 5]
        try await stores.append([
            TracingStores.span("tr-1", "b", parent: "a", usage: tokens), TracingStores.span("tr-1", "c", parent: "a", usage: tokens),
        ])
        try await stores.append([TracingStores.span("tr-1", "a")], rootState: .ok)
        let written = try await stores.info("tr-1")?.metadata[TraceKey.tokenUsage]
        try Broken.unless(written, is: "{\"input_tokens\": 20, \"output_tokens\": 10}", "summed")
        try await stores.append([TracingStores.span("tr-1", "a", usage: ["input_tokens": 21])], rootState: .ok)
        let covered = try await stores.info("tr-1")?.metadata[TraceKey.tokenUsage]
        try Broken.unless(covered, is: "{\"input_tokens\": 21}", "a parent's figure covers its children")
    }

    @Sendable private static func tags(_ stores: TracingStores) async throws {
        try await stores.append([TracingStores.span("tr-1", "a")])
        try await stores.traces.setTag(key: "k", value: "1", id: "tr-1")
        try await stores.traces.setTag(key: "k", value: "2", id: "tr-1")
        try Broken.unless(try await stores.info("tr-1")?.tags["k"], is: "2", "replaced")
        try Broken.unless(try await stores.traces.deleteTag(key: "k", id: "tr-1"), "it was there")
        try Broken.unless(try await !stores.traces.deleteTag(key: "k", id: "tr-1"), "it is gone")
        try await Broken.unlessRefused(.notFound) { try await stores.traces.setTag(key: "k", value: "1", id: "tr-9") }
        try await Broken.unlessRefused(.notFound) { try await stores.traces.link(prompts: ["p/1"], traceID: "tr-9") }
    }

    @Sendable private static func ending(_ stores: TracingStores) async throws {
        _ = try await stores.traces.start(TraceInfo(id: "old", experimentID: "1", requestTime: 10, state: .inProgress, tags: ["a": "1"]))
        let ending = TraceEnding(endTime: 25, state: .ok, metadata: ["m": "1"], tags: ["b": "2"])
        let info = try await stores.traces.end(id: "old", ending)
        try Broken.unless(info.duration, is: 15, "from its request to its end")
        try Broken.unless(info.tags, is: ["a": "1", "b": "2"], "tags are added")
        try Broken.unless(info.metadata, is: ["m": "1"], "metadata too")
        try await Broken.unlessRefused(.notFound) { _ = try await stores.traces.end(id: "none", ending) }
    }

    @Sendable private static func deletion(_ stores: TracingStores) async throws {
        for (index, id) in ["tr-1", "tr-2", "tr-3"].enumerated() {
            try await stores.append([TracingStores.span(id, "a", start: Int64(index + 1) * 1_000_000)], rootState: .ok, run: "r")
            try await stores.assessments.create(
                TracingStores.assessment("a-\(id)", trace: id, value: true), event: TracingStores.event("assessment.logged"))
        }
        let event: @Sendable (Int) -> EventDraft = { _ in TracingStores.event("traces.deleted") }
        try Broken.unless(try await stores.traces.delete(.ids(["tr-1"]), experimentID: "2", event: event), is: 0, "not of that experiment")
        try Broken.unless(try await stores.traces.delete(.ids(["tr-1", "x"]), experimentID: "1", event: event), is: 1, "by id")
        try Broken.unless(try await stores.traces.delete(.older(than: 3, limit: 1), experimentID: "1", event: event), is: 1, "the oldest")
        try Broken.unless(try await stores.info("tr-2") == nil, "tr-2 was the oldest")
        try Broken.unless(try await stores.traces.spans(traceIDs: ["tr-2"]), is: [:], "its spans are gone")
        try Broken.unless(try await stores.info("tr-3")?.assessments.count, is: 1, "the others stay")
        try Broken.unless(try await stores.kinds().filter { $0 == "traces.deleted" }.count, is: 2, "one event a deletion")
    }

    @Sendable private static func overrides(_ stores: TracingStores) async throws {
        try await stores.append([TracingStores.span("tr-1", "a")])
        let logged = TracingStores.event("assessment.logged")
        try await stores.assessments.create(TracingStores.assessment("a-1", trace: "tr-1", value: "no"), event: logged)
        try await stores.assessments.create(TracingStores.assessment("a-2", trace: "tr-1", value: "yes", overrides: "a-1"), event: logged)
        try Broken.unless(try await stores.info("tr-1")?.assessments.map(\.isValid), is: [false, true], "the first is replaced")
        try await Broken.unlessRefused(.notFound) {
            try await stores.assessments.create(TracingStores.assessment("a-3", trace: "tr-1", value: 1, overrides: "a-9"), event: logged)
        }
        try await Broken.unlessRefused(.notFound) {
            try await stores.assessments.create(TracingStores.assessment("a-3", trace: "tr-9", value: 1), event: logged)
        }
        let deleted = TracingStores.event("assessment.deleted")
        try Broken.unless(try await stores.assessments.delete(id: "a-2", traceID: "tr-1", event: deleted), "it was there")
        try Broken.unless(try await !stores.assessments.delete(id: "a-2", traceID: "tr-1", event: deleted), "it is gone")
        try Broken.unless(try await stores.assessments.assessment(id: "a-1", traceID: "tr-1").isValid, "the first counts again")
        try Broken.unless(try await stores.kinds(), is: ["assessment.logged", "assessment.logged", "assessment.deleted"], "events")
    }

    @Sendable private static func change(_ stores: TracingStores) async throws {
        try await stores.append([TracingStores.span("tr-1", "a")])
        var one = TracingStores.assessment("a-1", trace: "tr-1", value: ["x": [1, 2.5, nil]], metadata: ["k": "v"])
        one.error = AssessmentError(code: "E", message: "m", stackTrace: nil)
        try await stores.assessments.create(one, event: TracingStores.event("assessment.logged"))
        try Broken.unless(try await stores.assessments.assessment(id: "a-1", traceID: "tr-1"), is: one, "as it was logged")
        let changed = try await stores.assessments.update(id: "a-1", traceID: "tr-1", event: TracingStores.event("assessment.updated")) {
            old in
            var new = old
            new.value = 0.5
            new.error = nil
            new.updatedAt = 9
            return new
        }
        try Broken.unless(try await stores.assessments.assessment(id: "a-1", traceID: "tr-1"), is: changed, "as it was changed")
        try await Broken.unlessRefused(.notFound) { _ = try await stores.assessments.assessment(id: "a-9", traceID: "tr-1") }
        try await Broken.unlessRefused(.notFound) { _ = try await stores.assessments.assessment(id: "a-1", traceID: "tr-9") }
    }
}
