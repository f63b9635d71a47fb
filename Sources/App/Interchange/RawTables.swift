import Errors
import JSON
import Tracking

/// What an MLflow folder has no place for, as the server tells it, one JSON object a line: traces with their spans and assessments,
/// evaluation datasets with their records, scorers, and the log of events.
package struct RawTables: Sendable {
    private let server: TargetServer

    package init(_ server: TargetServer) { self.server = server }

    /// - Returns: which tables a server of another program does not have.
    func write(of experiments: [Experiment], to folder: ExportFolder) async throws -> [String] {
        var missing: [String] = []
        let tables: [(name: String, write: (ExportFile) async throws -> Void)] = [
            ("traces", { file in for experiment in experiments { try await traces(of: experiment, to: file) } }),
            ("evaluation_datasets", { file in try await datasets(of: experiments, to: file) }),
            (
                "scorers",
                { file in
                    for experiment in experiments where experiment.lifecycle == .active { try await scorers(of: experiment, to: file) }
                }
            ),
            ("events", { file in try await events(to: file) }),
        ]
        for (name, write) in tables {
            let file = try folder.file("\(name).jsonl")
            do { try await write(file) } catch let error as JidokaError where error.code == .notFound || error.fields["status"] == "405" {
                missing.append(name)
            }
            try file.close()
        }
        return missing
    }

    private static let api = "/api/3.0/mlflow"

    private func add(_ items: JSONValue?, to file: ExportFile) throws {
        for item in items?.arrayValue ?? [] { try file.add(item.text + "\n") }
    }

    private func traces(of experiment: Experiment, to file: ExportFile) async throws {
        let place: JSONValue = ["type": "MLFLOW_EXPERIMENT", "mlflow_experiment": ["experiment_id": .string(experiment.id)]]
        var search: JSONObject = ["locations": .array([place]), "max_results": 100]
        while true {
            let page = try await server.exchange("POST", "\(RawTables.api)/traces/search", .object(search))
            for info in page["traces"]?.arrayValue ?? [] {
                guard let id = info["trace_id"]?.stringValue else { continue }
                let whole = try await server.exchange(
                    "GET", "\(RawTables.api)/traces/get?trace_id=\(TargetServer.encoded(id))&allow_partial=true")
                if let trace = whole["trace"] { try file.add(trace.text + "\n") }
            }
            guard let token = page["next_page_token"]?.stringValue, !token.isEmpty else { return }
            search["page_token"] = .string(token)
        }
    }

    /// Each dataset with its records.
    private func datasets(of experiments: [Experiment], to file: ExportFile) async throws {
        let ids = experiments.map { JSONValue.string($0.id) }
        var search: JSONObject = ["experiment_ids": .array(ids), "max_results": 100]
        while true {
            let page = try await server.exchange("POST", "\(RawTables.api)/datasets/search", .object(search))
            for dataset in page["datasets"]?.arrayValue ?? [] {
                var row = dataset.objectValue ?? [:]
                row["records"] = .array(try await records(of: dataset["dataset_id"]?.stringValue ?? ""))
                try file.add(JSONValue.object(row).text + "\n")
            }
            guard let token = page["next_page_token"]?.stringValue, !token.isEmpty else { return }
            search["page_token"] = .string(token)
        }
    }

    private func records(of dataset: String) async throws -> [JSONValue] {
        var (records, token) = ([JSONValue](), "")
        repeat {
            let query = "max_results=1000" + (token.isEmpty ? "" : "&page_token=\(TargetServer.encoded(token))")
            let page = try await server.exchange("GET", "\(RawTables.api)/datasets/\(dataset)/records?\(query)")
            records += try page["records"]?.stringValue.map { try JSONValue.parse($0).arrayValue ?? [] } ?? []
            token = page["next_page_token"]?.stringValue ?? ""
        } while !token.isEmpty
        return records
    }

    private func scorers(of experiment: Experiment, to file: ExportFile) async throws {
        try add(
            try await server.exchange("GET", "\(RawTables.api)/scorers/list?experiment_id=\(TargetServer.encoded(experiment.id))")[
                "scorers"], to: file)
    }

    private func events(to file: ExportFile) async throws {
        var after: Int64 = 0
        while true {
            let page = try await server.exchange("GET", "/api/v1/events?after=\(after)&limit=1000")
            guard let last = page.arrayValue?.last?["sequence"]?.intValue else { return }
            try add(page, to: file)
            after = last
        }
    }
}
