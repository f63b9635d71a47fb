package import Events
package import SQL
package import Tracing
import JSON

/// Traces and spans in SQL. Reading is in `TraceReader.swift`, adding spans in `SQLTraceStore+Spans.swift`.
package struct SQLTraceStore: TraceStore {
    let database: Database

    package init(database: Database) { self.database = database }

    package func start(_ info: TraceInfo) async throws -> TraceInfo {
        try await database.write { connection in
            let number = try SQLTraceStore.put(info, on: connection)
            for (key, value) in info.tags { try SQLTraceStore.set("trace_tags", key, value, number, on: connection) }
            for (key, value) in info.metadata { try SQLTraceStore.set("trace_metadata", key, value, number, on: connection) }
            for assessment in info.assessments { try AssessmentRows.put(assessment, number, on: connection) }
            return try TraceReader.info(info.id, on: connection) ?? info
        }
    }

    private static func put(_ info: TraceInfo, on connection: Connection) throws -> Int64 {
        let number = try connection.first(
            """
            INSERT INTO traces (id, experiment, request_time, duration, state, client_request_id, request_preview, response_preview)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET experiment = excluded.experiment, request_time = excluded.request_time,
                duration = excluded.duration, state = excluded.state, client_request_id = excluded.client_request_id,
                request_preview = coalesce(excluded.request_preview, traces.request_preview),
                response_preview = coalesce(excluded.response_preview, traces.response_preview)
            RETURNING number
            """,
            [
                .text(info.id), SQLValue(Int64(info.experimentID)), .int(info.requestTime), SQLValue(info.duration),
                .text(info.state.rawValue), SQLValue(info.clientRequestID), SQLValue(info.requestPreview), SQLValue(info.responsePreview),
            ]
        ) { $0.int(0) }
        guard let number else { throw TracingErrors.noTrace(info.id) }
        return number
    }

    package func infos(ids: [String], experiments: [String]?) async throws -> [TraceInfo] {
        try await database.read { connection in
            try ids.compactMap { id in
                guard let info = try TraceReader.info(id, on: connection) else { return nil }
                return experiments.map { $0.contains(info.experimentID) } ?? true ? info : nil
            }
        }
    }

    package func spans(traceIDs: [String]) async throws -> [String: [String]] {
        try await database.read { connection in
            var found: [String: [String]] = [:]
            for id in traceIDs {
                let spans = try connection.map(
                    "SELECT s.content FROM spans s JOIN traces t ON t.number = s.trace WHERE t.id = ?"
                        + " ORDER BY CASE WHEN s.parent IS NULL THEN 0 ELSE 1 END, s.started, s.id LIMIT ?",
                    [.text(id), .int(Int64(TracingLimits.traceSpansMax))]
                ) { $0.text(0) }
                if !spans.isEmpty { found[id] = spans }
            }
            return found
        }
    }

    package func end(id: String, _ ending: TraceEnding) async throws -> TraceInfo {
        try await database.write { connection in
            let number = try SQLTraceStore.require(id, on: connection)
            try connection.execute(
                "UPDATE traces SET duration = ? - request_time, state = ? WHERE number = ?",
                [.int(ending.endTime), .text(ending.state.rawValue), .int(number)])
            for (key, value) in ending.tags { try SQLTraceStore.set("trace_tags", key, value, number, on: connection) }
            for (key, value) in ending.metadata { try SQLTraceStore.set("trace_metadata", key, value, number, on: connection) }
            guard let info = try TraceReader.info(id, on: connection) else { throw TracingErrors.noTrace(id) }
            return info
        }
    }

    package func setTag(key: String, value: String, id: String) async throws {
        try await database.write { connection in
            let number = try SQLTraceStore.require(id, on: connection)
            try SQLTraceStore.set("trace_tags", key, value, number, on: connection)
        }
    }

    package func deleteTag(key: String, id: String) async throws -> Bool {
        try await database.write { connection in
            let number = try SQLTraceStore.require(id, on: connection)
            try connection.execute("DELETE FROM trace_tags WHERE trace = ? AND key = ?", [.int(number), .text(key)])
            return connection.changes == 1
        }
    }

    package func delete(
        _ selection: TraceSelection, experimentID: String, event: @escaping @Sendable (Int) -> EventDraft
    ) async throws -> Int {
        guard let experiment = Int64(experimentID) else { return 0 }
        return try await database.write { connection in
            let numbers = try SQLTraceStore.selected(selection, experiment, on: connection)
            for number in numbers {
                for table in ["trace_tags", "trace_metadata", "trace_links", "spans", "assessments"] {
                    try connection.execute("DELETE FROM \(table) WHERE trace = ?", [.int(number)])
                }
                try connection.execute("DELETE FROM traces WHERE number = ?", [.int(number)])
            }
            if !numbers.isEmpty { try EventTable.append([event(numbers.count)], on: connection) }
            return numbers.count
        }
    }

    private static func selected(_ selection: TraceSelection, _ experiment: Int64, on connection: Connection) throws -> [Int64] {
        switch selection {
        case .ids(let ids):
            try ids.compactMap { id in
                try connection.first(
                    "SELECT number FROM traces WHERE id = ? AND experiment = ?", [.text(id), .int(experiment)]
                ) { $0.int(0) }
            }
        case .older(let time, let limit):
            try connection.map(
                "SELECT number FROM traces WHERE experiment = ? AND request_time <= ? ORDER BY request_time, id LIMIT ?",
                [.int(experiment), .int(time), .int(Int64(limit ?? Int(Int32.max)))]
            ) { $0.int(0) }
        }
    }

    package func link(traceIDs: [String], run: String) async throws {
        try await database.write { connection in
            for id in traceIDs {
                guard let number = try SQLTraceStore.number(id, on: connection) else { continue }
                try SQLTraceStore.link(number, "run", run, on: connection)
            }
        }
    }

    package func link(prompts: [String], traceID: String) async throws {
        try await database.write { connection in
            let number = try SQLTraceStore.require(traceID, on: connection)
            for prompt in prompts { try SQLTraceStore.link(number, "prompt", prompt, on: connection) }
        }
    }

    // MARK: rows

    static func number(_ id: String, on connection: Connection) throws -> Int64? {
        try connection.first("SELECT number FROM traces WHERE id = ?", [.text(id)]) { $0.int(0) }
    }

    static func require(_ id: String, on connection: Connection) throws -> Int64 {
        guard let number = try number(id, on: connection) else { throw TracingErrors.noTrace(id) }
        return number
    }

    static func set(_ table: String, _ key: String, _ value: String, _ trace: Int64, on connection: Connection) throws {
        try connection.execute(
            "INSERT INTO \(table) (trace, key, value) VALUES (?, ?, ?) ON CONFLICT (trace, key) DO UPDATE SET value = excluded.value",
            [.int(trace), .text(key), .text(value)])
    }

    static func link(_ trace: Int64, _ kind: String, _ target: String, on connection: Connection) throws {
        try connection.execute(
            "INSERT INTO trace_links (trace, kind, target) VALUES (?, ?, ?) ON CONFLICT (trace, kind, target) DO NOTHING",
            [.int(trace), .text(kind), .text(target)])
    }
}
