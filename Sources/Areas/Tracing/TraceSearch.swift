import Filters

/// A search for traces. No experiments: no traces.
package struct TraceSearch: Sendable {
    package var experimentIDs: [String]
    package var filter: TraceFilterTree
    /// By default the newest first; ties by id.
    package var orders: [TraceOrder]
    package var offset: Int
    package var limit: Int

    package init(
        experimentIDs: [String], filter: TraceFilterTree = .everything, orders: [TraceOrder] = [], offset: Int = 0, limit: Int = 100
    ) {
        self.experimentIDs = experimentIDs
        self.filter = filter
        self.orders = orders
        self.offset = offset
        self.limit = limit
    }
}

/// One sort key; traces without a value come last.
package struct TraceOrder: Sendable, Hashable {
    package var field: TraceField
    package var ascending: Bool

    package init(field: TraceField, ascending: Bool) {
        self.field = field
        self.ascending = ascending
    }
}

/// Some traces of a search, and where the next ones begin; nil after the last.
package struct TracePage: Sendable, Equatable {
    package var items: [TraceInfo]
    package var nextOffset: Int?

    package init(items: [TraceInfo], nextOffset: Int?) {
        self.items = items
        self.nextOffset = nextOffset
    }
}
