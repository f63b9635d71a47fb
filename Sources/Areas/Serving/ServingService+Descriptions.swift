package import Clockwork

/// One version of an endpoint as it is in memory.
package struct ServedModelDescription: Sendable {
    package var endpoint: String
    package var model: String
    package var version: String
    package var signature: ModelSignature
    package var batching: BatchPolicy
    package var counts: InferenceCounts
    /// Whether requests wait for company while an instance is free; false also where a delay is set and the model gains nothing by it.
    package var waitsForCompany: Bool
    /// Requests that wait for a run.
    package var waiting: Int
    /// MLflow's flavor name, which chose the runtime.
    package var flavor: String
    package var loadedAt: Timestamp
}

/// An endpoint as it is in memory.
package struct EndpointDescription: Sendable {
    package var endpoint: Endpoint
    /// Versions in memory, the champion first.
    package var versions: [ServedModelDescription]
    /// Why versions of the plan are not in memory.
    package var unavailable: [String: String]
    package var isReady: Bool { endpoint.plan.champion.map { champion in versions.contains { $0.version == champion } } ?? false }
}

extension ServingService {
    /// All endpoints, by name.
    package var descriptions: [EndpointDescription] { table.all.map(describe) }

    /// - Throws: `not_found`.
    package func description(of name: String) throws -> EndpointDescription {
        guard let entry = table.entry(name) else { throw EndpointTable.unknown(name) }
        return describe(entry)
    }

    /// One version; nil means the champion. - Throws: `not_found`, `unavailable` when it is in the plan and not in memory.
    package func model(_ name: String, version: String?) throws -> ServedModelDescription {
        guard let entry = table.entry(name) else { throw EndpointTable.unknown(name) }
        let description = describe(entry)
        let wanted = version ?? entry.endpoint.plan.champion
        guard let wanted, let found = description.versions.first(where: { $0.version == wanted }) else {
            if let wanted { throw EndpointTable.missing(wanted, entry) }
            throw EndpointTable.withoutChampion(entry)
        }
        return found
    }

    /// The version that an alias of a registered model points to. - Throws: `not_found` for an unknown model.
    package func aliasedVersion(_ model: String, alias: String) async throws -> String? {
        try await source.version(model: model, alias: alias)
    }

    private func describe(_ entry: EndpointTable.Entry) -> EndpointDescription {
        let versions = entry.endpoint.plan.versions.compactMap { entry.versions[$0] }.map { served in
            ServedModelDescription(
                endpoint: entry.endpoint.name, model: entry.endpoint.model, version: served.artifact.version,
                signature: served.model.signature,
                batching: entry.endpoint.batching, counts: served.batched.counts, waitsForCompany: served.batched.waitsForCompany,
                waiting: served.batched.depth,
                flavor: served.artifact.flavor, loadedAt: served.loadedAt)
        }
        return EndpointDescription(endpoint: entry.endpoint, versions: versions, unavailable: entry.unavailable)
    }

    /// What the versions in memory did since a moment (at most a tenth of a second of what followed it is left out at first; the
    /// spacing of the checkpoints doubles as a version grows older). Counts are kept in memory: after a restart they begin anew.
    /// - Throws: `not_found`.
    package func statistics(of name: String, since moment: Timestamp) throws -> [String: VersionStatistics] {
        guard let entry = table.entry(name) else { throw EndpointTable.unknown(name) }
        return entry.versions.mapValues { $0.statistics.since(moment) }
    }

    /// What the versions in memory did since they were loaded. - Throws: `not_found`.
    package func statistics(of name: String) throws -> [String: VersionStatistics] {
        guard let entry = table.entry(name) else { throw EndpointTable.unknown(name) }
        return entry.versions.mapValues { $0.statistics.totals }
    }
}
