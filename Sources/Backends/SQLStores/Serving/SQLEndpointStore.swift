package import Clockwork
import Errors
package import Events
import JSON
package import SQL
package import Serving

/// Endpoints in SQL.
package struct SQLEndpointStore: EndpointStore {
    private let database: Database

    package init(database: Database) { self.database = database }

    package func create(_ endpoint: Endpoint, actor: String, reason: String, events: [EventDraft]) async throws {
        try await database.write { connection in
            guard try SQLEndpointStore.find(endpoint.name, on: connection) == nil else {
                throw JidokaError.alreadyExists("endpoint `\(endpoint.name)` exists already", hint: "choose another name")
            }
            try connection.execute(
                "INSERT INTO endpoints VALUES (?, ?, ?, ?, 1, ?, ?)",
                [
                    .text(endpoint.name), .text(endpoint.model), .text(endpoint.plan.json.text), .text(endpoint.batching.json.text),
                    .int(endpoint.createdAt.microseconds), .int(endpoint.createdAt.microseconds),
                ])
            try SQLEndpointStore.keep(
                PlanRevision(revision: 1, plan: endpoint.plan, actor: actor, reason: reason, time: endpoint.createdAt), of: endpoint.name,
                on: connection)
            try EventTable.append(events, on: connection)
        }
    }

    package func endpoint(named name: String) async throws -> Endpoint? {
        try await database.read { try SQLEndpointStore.find(name, on: $0) }
    }

    package func endpoints(after: String?, limit: Int) async throws -> [Endpoint] {
        try SQLEndpointStore.check(limit)
        return try await database.read { connection in
            try connection.map(
                "SELECT * FROM endpoints WHERE name > ? ORDER BY name LIMIT ?", [.text(after ?? ""), .int(Int64(limit))],
                SQLEndpointStore.endpoint)
        }
    }

    package func changePlan(
        of name: String, to plan: TrafficPlan, from expected: Int64, actor: String, reason: String, at time: Timestamp, events: [EventDraft]
    ) async throws -> Endpoint {
        try await database.write { connection in
            try connection.execute(
                "UPDATE endpoints SET plan = ?, revision = revision + 1, updated_at = ? WHERE name = ? AND revision = ?",
                [.text(plan.json.text), .int(time.microseconds), .text(name), .int(expected)])
            let changed = connection.changes == 1
            let endpoint = try SQLEndpointStore.existing(name, on: connection)
            guard changed else {
                throw JidokaError(
                    .conflict, "endpoint `\(name)` is at revision \(endpoint.revision), not \(expected)",
                    hint: "read it again and repeat the change")
            }
            try SQLEndpointStore.keep(
                PlanRevision(revision: endpoint.revision, plan: plan, actor: actor, reason: reason, time: time), of: name, on: connection)
            try EventTable.append(events, on: connection)
            return endpoint
        }
    }

    package func changeBatching(of name: String, to policy: BatchPolicy, at time: Timestamp, events: [EventDraft]) async throws -> Endpoint
    {
        try await database.write { connection in
            try connection.execute(
                "UPDATE endpoints SET batching = ?, updated_at = ? WHERE name = ?",
                [.text(policy.json.text), .int(time.microseconds), .text(name)])
            let endpoint = try SQLEndpointStore.existing(name, on: connection)
            try EventTable.append(events, on: connection)
            return endpoint
        }
    }

    package func planHistory(of name: String, limit: Int) async throws -> [PlanRevision] {
        try SQLEndpointStore.check(limit)
        return try await database.read { connection in
            try connection.map(
                "SELECT revision, plan, actor, reason, time FROM endpoint_plans WHERE endpoint = ? ORDER BY revision DESC LIMIT ?",
                [.text(name), .int(Int64(limit))]
            ) { row in
                PlanRevision(
                    revision: row.int(0), plan: try TrafficPlan(json: .parse(row.text(1))), actor: row.text(2), reason: row.text(3),
                    time: Timestamp(microseconds: row.int(4)))
            }
        }
    }

    package func delete(named name: String, events: [EventDraft]) async throws {
        try await database.write { connection in
            try connection.execute("DELETE FROM endpoints WHERE name = ?", [.text(name)])
            guard connection.changes == 1 else { throw SQLEndpointStore.missing(name) }
            try EventTable.append(events, on: connection)
        }
    }

    private static func check(_ limit: Int) throws {
        guard (1...1_000).contains(limit) else { throw JidokaError.invalidArgument("`limit` must be between 1 and 1000") }
    }

    private static func missing(_ name: String) -> JidokaError {
        .notFound("endpoint `\(name)` does not exist", hint: "`jidoka endpoint list` shows what is served")
    }

    private static func find(_ name: String, on connection: Connection) throws -> Endpoint? {
        try connection.first("SELECT * FROM endpoints WHERE name = ?", [.text(name)], endpoint)
    }

    private static func existing(_ name: String, on connection: Connection) throws -> Endpoint {
        guard let endpoint = try find(name, on: connection) else { throw missing(name) }
        return endpoint
    }

    private static func keep(_ revision: PlanRevision, of name: String, on connection: Connection) throws {
        try connection.execute(
            "INSERT INTO endpoint_plans VALUES (?, ?, ?, ?, ?, ?)",
            [
                .text(name), .int(revision.revision), .text(revision.plan.json.text), .text(revision.actor), .text(revision.reason),
                .int(revision.time.microseconds),
            ])
    }

    private static func endpoint(_ row: Row) throws -> Endpoint {
        Endpoint(
            name: row.text(0), model: row.text(1), plan: try TrafficPlan(json: .parse(row.text(2))),
            batching: BatchPolicy(json: try .parse(row.text(3))), revision: row.int(4), createdAt: Timestamp(microseconds: row.int(5)),
            updatedAt: Timestamp(microseconds: row.int(6)))
    }
}
