package import Clockwork
import Errors

/// Questions about the past of registered models.
package struct RegistryArchive: Sendable {
    private let registry: RegistryService
    private let history: any ModelHistory

    package static let movesMax = 1_000

    package init(registry: RegistryService, history: any ModelHistory) {
        self.registry = registry
        self.history = history
    }

    /// Who moved which alias and stage, when and why, newest first; narrowed to one alias or one stage when asked.
    package func moves(name: String, alias: String? = nil, stage: String? = nil, limit: Int = 100) async throws -> [LabelMove] {
        guard (1...RegistryArchive.movesMax).contains(limit) else {
            throw JidokaError.invalidArgument("`limit` must be between 1 and \(RegistryArchive.movesMax)")
        }
        if alias != nil, stage != nil {
            throw JidokaError.invalidArgument("`alias` and `stage` exclude each other", hint: "ask for one, or for neither to see all")
        }
        let wanted = try stage.map(registry.stage)
        let aliases = stage == nil ? try await history.aliasMoves(name: name, alias: alias, limit: limit) : []
        let stages = alias == nil ? try await history.stageMoves(name: name, stage: wanted, limit: limit) : []
        // Both are newest first; moves of the same moment keep their order.
        var (left, right) = (aliases[...], stages[...])
        var merged: [LabelMove] = []
        while merged.count < limit {
            switch (left.first, right.first) {
            case (nil, nil): return merged
            case (let alias?, let stage?) where alias.time < stage.time: merged.append(right.removeFirst())
            case (nil, _): merged.append(right.removeFirst())
            default: merged.append(left.removeFirst())
            }
        }
        return merged
    }

    /// The version that an address named at a moment; now, without one.
    /// - Throws: `not_found` when it named none then, or names a version that is deleted by now.
    package func resolve(_ text: String, at time: Timestamp?) async throws -> ModelVersion {
        guard let address = ModelAddress(text) else {
            throw JidokaError.invalidArgument(
                "`\(text)` names no model version",
                hint: "write `models:/NAME@ALIAS`, `models:/NAME/VERSION`, `models:/NAME/STAGE` or `models:/NAME/latest`")
        }
        guard let time else { return try await present(address, text) }
        let found: Int?
        switch address.target {
        case .version(let version):
            let known = try await registry.version(name: address.name, version)
            found = known.createdAt <= time ? version : nil
        case .alias(let alias): found = try await history.version(name: address.name, alias: alias, at: time)
        case .stage(let stage): found = try await history.version(name: address.name, stage: stage, at: time)
        case .latest:
            found = try await newest(address.name, at: time)
        }
        guard let found else { throw JidokaError.notFound("`\(text)` named no version at \(time.rfc3339)") }
        do { return try await registry.version(name: address.name, found) } catch var error as JidokaError {
            if error.code == .notFound { error.hint = "at \(time.rfc3339) `\(text)` was version \(found), which has been deleted since" }
            throw error
        }
    }

    /// The highest of the versions in any stage then.
    private func newest(_ name: String, at time: Timestamp) async throws -> Int? {
        var highest: Int?
        for stage in ModelStage.allCases {
            if let version = try await history.version(name: name, stage: stage, at: time) { highest = max(highest ?? version, version) }
        }
        return highest
    }

    private func present(_ address: ModelAddress, _ text: String) async throws -> ModelVersion {
        switch address.target {
        case .version(let version): return try await registry.version(name: address.name, version)
        case .alias(let alias): return try await registry.version(name: address.name, alias: alias)
        case .latest: return try await registry.version(name: address.name, alias: "latest")
        case .stage(let stage):
            guard let found = try await registry.latestVersions(name: address.name, stages: [stage.rawValue]).first else {
                throw JidokaError.notFound("`\(text)` names no version: none is in stage \(stage.rawValue)")
            }
            return found
        }
    }
}
