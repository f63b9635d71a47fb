import Filters
import SQL
import Tracking

/// Chooses how the page of a run search is found. The page is the same in every way; with n runs that meet the most selective condition, N
/// runs in all and a page that ends at the p-th:
///
/// - n is small: the n runs are looked at and sorted;
/// - n is large: a walk in the search's order meets p matching runs after about p · N / n of them. Both cost the same at n = √(p · N), so
///   rows are counted up to there and no further;
/// - the walk does not find enough within its bound (the conditions exclude one another, the order is by a param, the page lies far
///   back): all matching runs are collected and sorted.
package struct RunSearchPlan: Sendable {
    /// How far rows are counted, in √(p · N).
    package var countFactor: Double
    /// How many runs a walk may meet, in √(p · N).
    package var walkFactor: Double
    /// A walk is tried when there are so many times more runs than wanted.
    package var walkShare: Int

    /// Tests have other numbers, so that few runs take every way.
    package init(countFactor: Double = 1, walkFactor: Double = 4, walkShare: Int = 4) {
        self.countFactor = countFactor
        self.walkFactor = walkFactor
        self.walkShare = walkShare
    }

    /// The runs of the page and one more, in order.
    func headers(_ search: RunSearch, on connection: Connection) throws -> [RunReader.Header] {
        func found(_ source: RunQuery.Source) throws -> [RunReader.Header] {
            let query = RunQuery(search, from: source)
            return try connection.map(query.sql, query.bindings, RunReader.header)
        }
        if RunQuery.experiments(search).isEmpty { return [] }
        let wanted = search.offset + search.limit + 1
        let runs = try RunSearchPlan.runs(on: connection)
        let even = (Double(wanted) * Double(runs)).squareRoot()
        if let rows = try narrowest(search, atMost: Int(countFactor * even), on: connection) { return try found(.owners(of: rows)) }
        if wanted * walkShare <= runs, let walk = RunWalk(search) {
            let last = try walk.place(after: Int(walkFactor * even), search, on: connection)
            let page = try found(.inOrder(walk, last: last))
            if page.count > search.limit { return page }
        }
        return try found(.everything)
    }

    func count(_ search: RunSearch, on connection: Connection) throws -> Int {
        if RunQuery.experiments(search).isEmpty { return 0 }
        // Collecting the rows of a condition costs less than looking them up one by one, unless there are few.
        let even = Int(countFactor * Double(try RunSearchPlan.runs(on: connection)) / 16)
        let rows = try narrowest(search, atMost: even, on: connection)
        let query = RunQuery.count(search, from: rows.map { .owners(of: $0) } ?? .everything)
        return try connection.first(query.sql, query.bindings) { Int($0.int(0)) } ?? 0
    }

    /// How many runs the database holds at most.
    private static func runs(on connection: Connection) throws -> Int {
        try connection.first("SELECT max(number) FROM runs") { Int($0.int(0)) } ?? 0
    }

    /// The condition with the fewest rows, if that is at most `limit`.
    private func narrowest(_ search: RunSearch, atMost limit: Int, on connection: Connection) throws -> KeyedRows? {
        var narrowest: KeyedRows?
        var fewest = limit + 1
        for rows in RunSearchPlan.conjuncts(search.filter).compactMap(RunQuery.rows) where rows.isRange && fewest > 0 {
            let sql = "SELECT count(*) FROM (SELECT 1 FROM \(rows.table) WHERE \(rows.condition) LIMIT ?) c"
            let count = try connection.first(sql, rows.bindings + [.int(Int64(fewest))]) { Int($0.int(0)) } ?? 0
            if count < fewest { (narrowest, fewest) = (rows, count) }
        }
        return narrowest
    }

    /// The conditions that every run of the search meets.
    private static func conjuncts(_ tree: FilterTree<RunCondition>) -> [RunCondition] {
        switch tree {
        case .leaf(let condition): [condition]
        case .all(let parts): parts.flatMap(conjuncts)
        case .any, .not: []
        }
    }
}
