package import Clockwork
import Errors
import Events
package import JSON

/// Whether experiments exist: they are another area's.
package protocol EvaluationPlaces: Sendable {
    /// - Throws: `not_found`; `invalid_argument` when it is deleted.
    func requireExperiment(_ id: String) async throws
}

/// The rules of evaluation datasets and scorers; stores only keep.
package struct EvaluationService: Sendable {
    private let datasets: any EvaluationDatasetStore
    private let scorers: any ScorerStore
    private let places: any EvaluationPlaces
    private let time: any TimeSource
    private let ids: any IDSource

    /// Records in one request, records in one page, and bytes of one scorer.
    package static let recordsMax = 10_000
    package static let pageMax = 1_000
    package static let scorerBytesMax = 1 << 20
    private static let keyMax = 250
    private static let valueMax = 5_000

    package init(
        datasets: any EvaluationDatasetStore, scorers: any ScorerStore, places: any EvaluationPlaces, time: any TimeSource,
        ids: any IDSource
    ) {
        self.datasets = datasets
        self.scorers = scorers
        self.places = places
        self.time = time
        self.ids = ids
    }

    // MARK: datasets

    package func createDataset(
        name: String, tags: [String: String], experimentIDs: [String], actor: String
    ) async throws -> EvaluationDataset {
        try checkTags(tags)
        guard name.count <= 255 else { throw JidokaError.invalidArgument("the name of a dataset has more than 255 characters") }
        for id in experimentIDs { try await places.requireExperiment(id) }
        let now = time.now().milliseconds
        let dataset = EvaluationDataset(
            id: "d-\(ids.next())", name: name, tags: tags, experimentIDs: experimentIDs, createdAt: now, updatedAt: now,
            createdBy: tags["mlflow.user"], updatedBy: tags["mlflow.user"])
        return try await datasets.create(dataset, event: event("created", dataset.id, ["name": .string(name)], actor: actor))
    }

    package func dataset(id: String) async throws -> EvaluationDataset { try await datasets.dataset(id: id) }

    /// Deleting what is not there is no error, as in MLflow.
    package func deleteDataset(id: String, actor: String) async throws {
        _ = try await datasets.delete(id: id, event: event("deleted", id, [:], actor: actor))
    }

    package func search(_ search: EvaluationDatasetSearch) async throws -> EvaluationDatasetPage {
        guard search.limit > 0, search.limit <= 50_000 else {
            throw JidokaError.invalidArgument(
                "Invalid value \(search.limit) for parameter 'max_results' supplied. It must be between 1 and 50000")
        }
        return try await datasets.search(search)
    }

    package func setTags(_ tags: [String: String], id: String) async throws {
        try checkTags(tags)
        try await datasets.setTags(tags, id: id)
    }

    package func deleteTag(key: String, id: String) async throws {
        do { try await datasets.deleteTag(key: key, id: id) } catch let error as JidokaError where error.code == .notFound { return }
    }

    package func setExperiments(_ experiments: [String], linked: Bool, id: String) async throws -> EvaluationDataset {
        if linked { for experiment in experiments { try await places.requireExperiment(experiment) } }
        return try await datasets.setExperiments(experiments, linked: linked, id: id, at: time.now().milliseconds)
    }

    // MARK: records

    /// Adds records, or merges them into those with the same inputs. `records` are objects with `inputs` and, each optional, `outputs`,
    /// `expectations`, `tags` and `source`.
    package func upsert(_ records: [JSONValue], id: String, actor: String) async throws -> (inserted: Int, updated: Int) {
        guard records.count <= EvaluationService.recordsMax else {
            throw JidokaError.invalidArgument(
                "the request has \(records.count) records; at most \(EvaluationService.recordsMax) are taken", hint: "send them in parts")
        }
        let now = time.now().milliseconds
        let drafts = try records.map { try draft($0, datasetID: id, now: now) }
        let count = JSONValue.int(Int64(drafts.count))
        return try await datasets.upsert(drafts, id: id, at: now, event: event("changed", id, ["records": count], actor: actor))
    }

    private func draft(_ value: JSONValue, datasetID: String, now: Int64) throws -> EvaluationRecordDraft {
        guard let object = value.objectValue else { throw JidokaError.invalidArgument("a record must be an object") }
        func part(_ name: String) throws -> JSONObject? {
            guard let found = object[name], !found.isNull else { return nil }
            guard let part = found.objectValue else { throw JidokaError.invalidArgument("`\(name)` of a record must be an object") }
            return part
        }
        let tags = try part("tags")
        let user = tags?["mlflow.user"]?.stringValue
        var source = try part("source")
        if let type = source?["source_type"]?.stringValue {
            guard ["UNSPECIFIED", "TRACE", "HUMAN", "DOCUMENT", "CODE"].contains(type.uppercased()) else {
                throw JidokaError.invalidArgument("Invalid dataset record source type: \(type)")
            }
            source?["source_type"] = .string(type.uppercased())
            if source?["source_data"] == nil { source?["source_data"] = [:] }
        }
        let outputs = object["outputs"].flatMap { $0.isNull ? nil : $0 }
        let record = EvaluationRecord(
            id: "dr-\(ids.next())", datasetID: datasetID, inputs: try part("inputs") ?? [:], outputs: outputs,
            expectations: try part("expectations"), tags: tags, source: source, createdAt: now, updatedAt: now, createdBy: user,
            updatedBy: user)
        return EvaluationRecordDraft(record: record, hasOutputs: object["outputs"] != nil)
    }

    /// One more than `limit` tells the caller that there is another page.
    package func records(
        datasetID: String, after: (createdAt: Int64, id: String)?, limit: Int
    ) async throws -> (items: [EvaluationRecord], hasMore: Bool) {
        guard limit > 0 else { throw JidokaError.invalidArgument("`max_results` must be positive, received \(limit)") }
        let limit = min(limit, EvaluationService.pageMax)
        let found = try await datasets.records(datasetID: datasetID, after: after, limit: limit + 1)
        return (Array(found.prefix(limit)), found.count > limit)
    }

    package func deleteRecords(ids: [String], datasetID: String, actor: String) async throws -> Int {
        guard ids.count <= EvaluationService.recordsMax else {
            throw JidokaError.invalidArgument("at most \(EvaluationService.recordsMax) records are deleted in one request")
        }
        let count = JSONValue.int(Int64(ids.count))
        return try await datasets.deleteRecords(
            ids: ids, datasetID: datasetID, event: event("changed", datasetID, ["deleted": count], actor: actor))
    }

    // MARK: scorers

    /// - Throws: `invalid_argument` for a scorer that carries source code: clients would run it when they load it.
    package func registerScorer(experimentID: String, name: String, serialized: String, actor: String) async throws -> ScorerVersion {
        guard serialized.utf8.count <= EvaluationService.scorerBytesMax else {
            throw JidokaError.invalidArgument("the scorer has more than \(EvaluationService.scorerBytesMax) bytes")
        }
        guard let parsed = try? JSONValue.parse(serialized) else {
            throw JidokaError.invalidArgument("serialized_scorer must be valid JSON")
        }
        guard !EvaluationService.holdsSource(parsed) else {
            throw JidokaError.invalidArgument(
                "Custom scorer registration (using @scorer decorator) is disabled: it would run code on whoever loads it",
                hint: "keep custom scorers in a source code repository")
        }
        try await places.requireExperiment(experimentID)
        let draft = ScorerVersion(
            id: ids.next(), experimentID: experimentID, name: name, version: 0, serialized: serialized, createdAt: time.now().milliseconds)
        return try await scorers.register(draft) { made in
            EventDraft(
                kind: "scorer.registered", subject: EventSubject("scorer", "\(made.experimentID)/\(made.name)"), actor: actor, reason: "",
                payload: ["version": .int(made.version)], time: time.now())
        }
    }

    package func newestScorers(experimentIDs: [String]?) async throws -> [ScorerVersion] {
        for id in experimentIDs ?? [] { try await places.requireExperiment(id) }
        return try await scorers.newest(experimentIDs: experimentIDs)
    }

    package func scorerVersions(experimentID: String, name: String) async throws -> [ScorerVersion] {
        try await scorers.versions(experimentID: experimentID, name: name)
    }

    /// The newest when no version is named.
    package func scorer(experimentID: String, name: String, version: Int64?) async throws -> ScorerVersion {
        let all = try await scorers.versions(experimentID: experimentID, name: name)
        guard let found = version.map({ wanted in all.first { $0.version == wanted } }) ?? all.last else {
            throw EvaluationErrors.noScorer(name, version: version, experiment: experimentID)
        }
        return found
    }

    package func deleteScorer(experimentID: String, name: String, version: Int64?, actor: String) async throws {
        let event = EventDraft(
            kind: "scorer.deleted", subject: EventSubject("scorer", "\(experimentID)/\(name)"), actor: actor, reason: "",
            payload: ["version": JSONValue(version)], time: time.now())
        try await scorers.delete(experimentID: experimentID, name: name, version: version, event: event)
    }

    private static func holdsSource(_ value: JSONValue) -> Bool {
        switch value {
        case .array(let items): items.contains(where: holdsSource)
        case .object(let object): object.contains { $0.key == "call_source" && !$0.value.isNull || holdsSource($0.value) }
        default: false
        }
    }

    private func checkTags(_ tags: [String: String]) throws {
        for (key, value) in tags where key.isEmpty || key.count > EvaluationService.keyMax || value.count > EvaluationService.valueMax {
            throw JidokaError.invalidArgument(
                "the tag '\(key.prefix(100))' is empty or too long: keys have 1 to \(EvaluationService.keyMax) characters, values at most "
                    + "\(EvaluationService.valueMax)")
        }
    }

    private func event(_ what: String, _ id: String, _ payload: JSONObject, actor: String) -> EventDraft {
        EventDraft(
            kind: "evaluation_dataset.\(what)", subject: EventSubject("evaluation_dataset", id), actor: actor, reason: "", payload: payload,
            time: time.now())
    }
}
