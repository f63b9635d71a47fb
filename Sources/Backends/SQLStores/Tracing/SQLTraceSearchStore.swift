import Filters
import JSON
package import SQL
package import Tracing

/// Questions over many traces in SQL.
package struct SQLTraceSearchStore: TraceSearchStore {
    private let database: Database

    package init(database: Database) { self.database = database }

    package func search(_ search: TraceSearch) async throws -> TracePage {
        let experiments = search.experimentIDs.compactMap { Int64($0) }
        if experiments.isEmpty { return TracePage(items: [], nextOffset: nil) }
        let filter = TraceQuery.conditions(search.filter, experiments)
        var keys: [String] = []
        var joins = ""
        var joinBindings: [SQLValue] = []
        for (index, order) in search.orders.enumerated() {
            let direction = order.ascending ? "ASC" : "DESC"
            switch order.field {
            case .attribute(let attribute): keys += TraceQuery.sort(TraceQuery.column(attribute), direction)
            case .tag(let key), .metadata(let key):
                var table = "trace_metadata"
                if case .tag = order.field { table = "trace_tags" }
                joins += " LEFT JOIN \(table) o\(index) ON o\(index).trace = t.number AND o\(index).key = ?"
                joinBindings.append(.text(key))
                keys += TraceQuery.sort("o\(index).value", direction)
            default: continue
            }
        }
        keys += ["t.request_time DESC", "t.id ASC"]
        let sql = "SELECT t.id FROM traces t\(joins) WHERE \(filter.text) ORDER BY \(keys.joined(separator: ", ")) LIMIT ? OFFSET ?"
        let bindings = joinBindings + filter.bindings + [.int(Int64(search.limit) + 1), .int(Int64(search.offset))]
        return try await database.read { connection in
            let ids = try connection.map(sql, bindings) { $0.text(0) }
            let items = try ids.prefix(search.limit).compactMap { try TraceReader.info($0, on: connection) }
            return TracePage(items: items, nextOffset: ids.count > search.limit ? search.offset + search.limit : nil)
        }
    }

    package func counts(of filters: [TraceFilterTree], experiments: [String]) async throws -> [Int] {
        let numbers = experiments.compactMap { Int64($0) }
        if numbers.isEmpty { return filters.map { _ in 0 } }
        return try await database.read { connection in
            try filters.map { filter in
                let conditions = TraceQuery.conditions(filter, numbers)
                return Int(
                    try connection.first("SELECT count(*) FROM traces t WHERE \(conditions.text)", conditions.bindings) { $0.int(0) } ?? 0)
            }
        }
    }

    package func measure(_ query: TraceMetricQuery, _ take: @escaping @Sendable (TraceMeasure) throws -> Void) async throws {
        guard let (sql, bindings) = TraceMetricSQL.select(query) else { return }
        let (width, metric) = (query.dimensions.count, query.metric)
        try await database.read { connection in
            try connection.forEach(sql, bindings) { row in
                let dimensions = (0..<width).map { row.optionalText($0 + 2) }
                if metric == "session_count" {
                    guard let session = row.optionalText(1) else { return }
                    try take(TraceMeasure(time: row.int(0), dimensions: dimensions, value: nil, distinct: session))
                } else if TraceMetricCatalog.tokens.contains(metric) || TraceMetricCatalog.costs.contains(metric) {
                    guard let value = row.optionalText(1).flatMap({ SQLTraceStore.figures($0)[metric] }) else { return }
                    try take(TraceMeasure(time: row.int(0), dimensions: dimensions, value: value))
                } else {
                    try take(TraceMeasure(time: row.int(0), dimensions: dimensions, value: row.optionalDouble(1)))
                }
            }
        }
    }
}

/// Conditions on traces as SQL; the trace is `t`.
enum TraceQuery {
    static func conditions(_ filter: TraceFilterTree, _ experiments: [Int64]) -> FilterSQL {
        var sql = FilterSQL()
        sql.isOneOf("t.experiment", experiments.map(SQLValue.int))
        // Conditions on spans that are joined by AND must hold for one and the same span.
        var spans: [TraceCondition] = []
        let rest = others(filter, &spans)
        if !spans.isEmpty {
            var inner = FilterSQL()
            inner.add("s.trace = t.number")
            for condition in spans { add(span: condition, to: &inner) }
            sql.add("EXISTS (SELECT 1 FROM spans s WHERE \(inner.text))", inner.bindings)
        }
        sql.add(rest) { condition, sql in add(condition, to: &sql) }
        return sql
    }

    /// Takes the span conditions at the top out of the tree.
    private static func others(_ tree: TraceFilterTree, _ spans: inout [TraceCondition]) -> TraceFilterTree {
        if case .leaf(let condition) = tree, case .span = condition.field {
            spans.append(condition)
            return .everything
        }
        if case .all(let parts) = tree { return .all(parts.map { others($0, &spans) }) }
        return tree
    }

    private static func add(_ condition: TraceCondition, to sql: inout FilterSQL) {
        let (comparator, value) = (condition.comparator, condition.value)
        switch condition.field {
        case .attribute(let attribute): sql.compareNullable(column(attribute), comparator, value)
        case .tag(let key): sql.add(KeyedRows(in: "trace_tags", owner: "trace", key: key, comparator, value), of: "t.number")
        case .metadata(let key):
            sql.add(KeyedRows(in: "trace_metadata", owner: "trace", key: key, comparator, value), of: "t.number")
        case .run:
            guard comparator == .equal, case .text(let run) = value else {
                return sql.add(KeyedRows(in: "trace_metadata", owner: "trace", key: TraceKey.sourceRun, comparator, value), of: "t.number")
            }
            sql.add(
                "(t.number IN (SELECT trace FROM trace_metadata WHERE key = ? AND value = ?)"
                    + " OR t.number IN (SELECT trace FROM trace_links WHERE kind = 'run' AND target = ?))",
                [.text(TraceKey.sourceRun), .text(run), .text(run)])
        case .prompt:
            let (clause, bindings) = FilterSQL.comparison("target", comparator, value)
            sql.add("t.number IN (SELECT trace FROM trace_links WHERE kind = 'prompt' AND \(clause))", bindings)
        case .span:
            var inner = FilterSQL()
            inner.add("s.trace = t.number")
            add(span: condition, to: &inner)
            sql.add("EXISTS (SELECT 1 FROM spans s WHERE \(inner.text))", inner.bindings)
        case .issue:
            let (clause, bindings) = FilterSQL.comparison("name", comparator, value)
            sql.add("t.number IN (SELECT trace FROM assessments WHERE kind = 'issue' AND \(clause))", bindings)
        case .assessment(let kind, let name): add(assessment: kind, name, comparator, value, to: &sql)
        }
    }

    private static func add(span condition: TraceCondition, to sql: inout FilterSQL) {
        guard case .span(let field) = condition.field else { return }
        switch field {
        case .name: sql.compare("s.name", condition.comparator, condition.value)
        case .type: sql.compareNullable("s.type", condition.comparator, condition.value)
        case .status: sql.compare("s.status", condition.comparator, condition.value)
        case .content: sql.compare("s.content", condition.comparator, condition.value)
        case .attribute(let name): attribute(name, condition, &sql)
        }
    }

    /// In the span's JSON an attribute is `"name":"<JSON text of the value, escaped>"`, as in MLflow a text between quotes.
    private static func attribute(_ name: String, _ condition: TraceCondition, _ sql: inout FilterSQL) {
        guard case .text(let value) = condition.value else { return sql.add("1 = 0") }
        switch condition.comparator {
        case .rlike:
            let anchored = value.hasPrefix("^")
            let body = anchored ? String(value.dropFirst()) : value
            let ended = body.hasSuffix("$")
            let key = name.unicodeScalars.map { CharacterClass.isPlain($0) ? String($0) : "\\\($0)" }.joined()
            let pattern = "\"\(key)\":\"\\\\\"" + (anchored ? "" : "[^\"]*") + (ended ? "\(body.dropLast())\\\\\"" : body)
            sql.compare("s.content", .rlike, .text(pattern))
        case .equal, .notEqual:
            let written = JSONValue.string(JSONValue.string(value).text).text
            let plain = JSONValue.string(value).text
            let key = JSONValue.string(name).text
            // Whether a text is in another, in words that every engine knows.
            let test = "(replace(s.content, ?, '') <> s.content OR replace(s.content, ?, '') <> s.content)"
            let bindings: [SQLValue] = [.text("\(key):\(written)"), .text("\(key):\(plain)")]
            if condition.comparator == .equal {
                sql.add(test, bindings)
            } else {
                sql.add("(replace(s.content, ?, '') <> s.content AND NOT \(test))", [.text("\(key):")] + bindings)
            }
        default: sql.compare("s.content", condition.comparator, .text("%\"\(name)\"\(value)%"))
        }
    }

    private enum CharacterClass {
        static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
            scalar == "_" || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
        }
    }

    private static func add(
        assessment kind: Assessment.Kind, _ name: String, _ comparator: FilterComparator, _ value: FilterLiteral, to sql: inout FilterSQL
    ) {
        var clause = "a.kind = ? AND a.name = ? AND a.valid = 1"
        var bindings: [SQLValue] = [.text(kind.rawValue), .text(name)]
        switch (comparator, value) {
        case (.isNull, _), (.isNotNull, _): break
        case (.equal, .text(let text)), (.notEqual, .text(let text)):
            clause += comparator == .equal ? " AND a.value IN (?, ?)" : " AND a.value NOT IN (?, ?)"
            bindings += [.text(text), .text(JSONValue.string(text).text)]
        case (.less, _), (.lessOrEqual, _), (.greater, _), (.greaterOrEqual, _):
            let (comparison, values) = FilterSQL.comparison("a.number", comparator, value)
            clause += " AND \(comparison)"
            bindings += values
        default:
            let (comparison, values) = FilterSQL.comparison("a.value", comparator, value)
            clause += " AND \(comparison)"
            bindings += values
        }
        // Its own, or one of a trace of the same session that judges the session.
        let own = "EXISTS (SELECT 1 FROM assessments a WHERE a.trace = t.number AND \(clause))"
        let session =
            "EXISTS (SELECT 1 FROM assessments a JOIN trace_metadata m ON m.trace = a.trace AND m.key = ?"
            + " JOIN trace_metadata n ON n.key = m.key AND n.value = m.value AND n.trace = t.number"
            + " JOIN traces u ON u.number = a.trace AND u.experiment = t.experiment WHERE a.of_session = 1 AND \(clause))"
        let negated = comparator == .isNull ? "NOT " : ""
        sql.add("\(negated)(\(own) OR \(session))", bindings + [.text(TraceKey.session)] + bindings)
    }

    static func column(_ attribute: TraceAttribute) -> String {
        switch attribute {
        case .id: "t.id"
        case .requestTime: "t.request_time"
        case .duration: "t.duration"
        case .endTime: "(t.request_time + coalesce(t.duration, 0))"
        case .state: "t.state"
        case .clientRequestID: "t.client_request_id"
        case .experimentID: "t.experiment"
        }
    }

    static func sort(_ column: String, _ direction: String) -> [String] {
        ["CASE WHEN \(column) IS NULL THEN 1 ELSE 0 END", "\(column) \(direction)"]
    }
}
