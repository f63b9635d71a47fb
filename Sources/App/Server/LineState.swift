import Clockwork
import Datasets
import Errors
import Events
import JSON
import JidokaAPI
import Line
import Pipelines
import Rollouts
import Synchronization

/// The line in force. It is read from the project's `jidoka.yaml` at the start and on request; a broken file never replaces a good one.
final class LineState: Sendable {
    private let current: Mutex<Line?>
    private let project: String

    init(project: String) throws {
        self.project = project
        current = Mutex(try LineState.read(project))
    }

    var line: Line? { current.withLock { $0 } }

    /// nil when the project has no line file: the server then serves and tracks without one.
    private static func read(_ project: String) throws -> Line? {
        do {
            _ = try readFile("\(project)/\(LineReader.fileName)")
        } catch let error as JidokaError where error.code == .notFound { return nil }
        let line = try LineReader { try readFile("\(project)/\($0)") }.read()
        for data in line.data { _ = try suite(data) }
        return line
    }

    /// Reads the file again and puts it in force.
    func reload() throws -> Line? {
        let line = try LineState.read(project)
        current.withLock { $0 = line }
        return line
    }

    func require() throws -> Line {
        guard let line else {
            throw JidokaError.failedPrecondition(
                "this project has no `\(LineReader.fileName)`", hint: "write one in `\(project)`, then `jidoka line reload`")
        }
        return line
    }

    func data(_ name: String) throws -> DataDeclaration {
        let line = try require()
        guard let data = line.data(named: name) else {
            throw JidokaError.notFound(
                "the line declares no dataset `\(name)`",
                hint: nearestName(to: name, among: line.data.map(\.name)).map { "did you mean `\($0)`?" })
        }
        return data
    }

    func suite(dataset: String) throws -> ExpectationSuite {
        let data = try data(dataset)
        guard !data.expectations.isEmpty else {
            throw JidokaError.failedPrecondition(
                "dataset `\(dataset)` declares no expectations", hint: "add `expect: FILE` to it in jidoka.yaml")
        }
        return try LineState.suite(data)
    }

    private static func suite(_ data: DataDeclaration) throws -> ExpectationSuite {
        ExpectationSuite(
            try data.expectations.map { declared in
                do { return try Expectation(name: declared.name, arguments: declared.arguments) } catch let error as JidokaError {
                    throw JidokaError(error.code, "\(declared.place): \(error.message)", hint: error.hint)
                }
            })
    }

    func split(dataset: String) -> DatasetSplit {
        let data = line?.data(named: dataset)
        return DatasetSplit(key: data?.key, holdout: data?.holdout ?? 0)
    }
}

extension Line {
    /// The line as the API shows it.
    var json: JSONValue {
        [
            "line": .string(name),
            "data": .array(
                data.map { declared in
                    [
                        "name": .string(declared.name), "path": .string(declared.path), "key": JSONValue(declared.key),
                        "label": JSONValue(declared.label),
                        "holdout": .double(declared.holdout), "expectations": .int(Int64(declared.expectations.count)),
                    ]
                }),
            "pipeline": pipeline?.json ?? .null, "model": JSONValue(model), "gate": .int(Int64(gate?.checks.count ?? 0)),
            "endpoint": endpoint.map { ["name": .string($0.name), "rollout": $0.rollout.json] } ?? .null,
            "monitored": .bool(monitor != nil),
            "alerts": .int(Int64(alerts.count)), "policies": .int(Int64(policies.count)),
        ]
    }
}
