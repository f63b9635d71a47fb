package import Clockwork

/// Deleted things are kept and can be restored until they are collected.
package enum Lifecycle: String, Sendable, CaseIterable {
    case active, deleted
}

/// Which lifecycles a search looks at.
package enum LifecycleView: String, Sendable, CaseIterable {
    case activeOnly = "ACTIVE_ONLY"
    case deletedOnly = "DELETED_ONLY"
    case all = "ALL"

    package var lifecycles: [Lifecycle] {
        switch self {
        case .activeOnly: [.active]
        case .deletedOnly: [.deleted]
        case .all: Lifecycle.allCases
        }
    }
}

/// A label on an experiment, a run or a logged model.
package struct Tag: Sendable, Hashable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// A named collection of runs. `id` is an integer in decimal digits; `0` is the experiment `Default`, which always exists.
package struct Experiment: Sendable, Hashable {
    package var id: String
    /// Unique among active and deleted experiments.
    package var name: String
    /// The URI below which the artifacts of its runs and models lie.
    package var artifactLocation: String
    package var lifecycle: Lifecycle
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var tags: [Tag]

    package static let defaultID = "0"

    package init(
        id: String, name: String, artifactLocation: String, lifecycle: Lifecycle = .active, createdAt: Timestamp, updatedAt: Timestamp,
        tags: [Tag] = []
    ) {
        self.id = id
        self.name = name
        self.artifactLocation = artifactLocation
        self.lifecycle = lifecycle
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.tags = tags
    }
}

/// An experiment before it has an id.
package struct ExperimentDraft: Sendable {
    /// Given only for the experiment `Default`; otherwise the store counts up.
    package var id: Int64?
    package var name: String
    /// nil: `artifactRoot` followed by the id.
    package var artifactLocation: String?
    package var artifactRoot: String
    package var tags: [Tag]
    package var time: Timestamp

    package init(id: Int64? = nil, name: String, artifactLocation: String?, artifactRoot: String, tags: [Tag], time: Timestamp) {
        self.id = id
        self.name = name
        self.artifactLocation = artifactLocation
        self.artifactRoot = artifactRoot
        self.tags = tags
        self.time = time
    }
}

/// One page of a search. `nextOffset` is nil on the last page.
package struct Page<Item: Sendable>: Sendable {
    package var items: [Item]
    package var nextOffset: Int?

    package init(items: [Item], nextOffset: Int?) {
        self.items = items
        self.nextOffset = nextOffset
    }

    /// From a query for one item more than fits: the surplus tells that there is a next page.
    package init(fetched: [Item], offset: Int, limit: Int) {
        let more = fetched.count > limit
        self.init(items: more ? Array(fetched.prefix(limit)) : fetched, nextOffset: more ? offset + limit : nil)
    }
}
