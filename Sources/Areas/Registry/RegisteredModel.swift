package import Clockwork

/// A label on a registered model or a version.
package struct ModelTag: Sendable, Hashable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// A name that points to one version of a model. `champion` is the version that answers by default.
package struct ModelAlias: Sendable, Hashable {
    package var alias: String
    package var version: Int

    package static let champion = "champion"
    package static let challenger = "challenger"

    package init(alias: String, version: Int) {
        self.alias = alias
        self.version = version
    }
}

/// A named model with its versions.
package struct RegisteredModel: Sendable, Hashable {
    package var name: String
    package var description: String
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var tags: [ModelTag]
    package var aliases: [ModelAlias]
    /// The highest version of each stage, by version; their `aliases` are not filled.
    package var latestVersions: [ModelVersion]

    package init(
        name: String, description: String = "", createdAt: Timestamp, updatedAt: Timestamp, tags: [ModelTag] = [],
        aliases: [ModelAlias] = [],
        latestVersions: [ModelVersion] = []
    ) {
        self.name = name
        self.description = description
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.tags = tags
        self.aliases = aliases
        self.latestVersions = latestVersions
    }

    /// Prompts are kept as models with this tag; model searches hide them unless asked.
    package static let promptTag = "mlflow.prompt.is_prompt"
}

/// The stages of MLflow; raw values are its canonical forms.
package enum ModelStage: String, Sendable, CaseIterable {
    case none = "None"
    case staging = "Staging"
    case production = "Production"
    case archived = "Archived"

    /// Any case in, canonical out.
    package init?(anyCase text: String) {
        guard let stage = ModelStage.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() }) else { return nil }
        self = stage
    }

    /// Only these may push other versions into the archive.
    package var isActive: Bool { self == .staging || self == .production }
}

/// One page of a search. `nextOffset` is nil on the last page.
package struct ModelPage<Item: Sendable>: Sendable {
    package var items: [Item]
    package var nextOffset: Int?

    package init(items: [Item], nextOffset: Int?) {
        self.items = items
        self.nextOffset = nextOffset
    }

    /// From a query for one item more than fits.
    package init(fetched: [Item], offset: Int, limit: Int) {
        let more = fetched.count > limit
        self.init(items: more ? Array(fetched.prefix(limit)) : fetched, nextOffset: more ? offset + limit : nil)
    }
}
