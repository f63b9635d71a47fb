package import Clockwork
package import JSON

/// The chain behind one prediction. A link that is not known is nil and `gaps` says why: a gap is shown, never guessed.
package struct Trace: Sendable {
    package struct Prediction: Sendable {
        package var id: String
        package var time: Timestamp
        package var endpoint: String
        package var route: String
        package var model: String
        package var version: String
        /// The answered row, its output and the label when it has arrived.
        package var details: JSONObject

        package init(id: String, time: Timestamp, endpoint: String, route: String, model: String, version: String, details: JSONObject) {
            self.id = id
            self.time = time
            self.endpoint = endpoint
            self.route = route
            self.model = model
            self.version = version
            self.details = details
        }
    }

    package struct ModelVersion: Sendable {
        package var name: String
        package var version: String
        /// SHA-256 over the model's files as they lie there.
        package var digest: String?
        /// SHA-256 over weights, config, environment and code version: equal for equal content.
        package var identity: String?
        package var runID: String?
        package var modelID: String?
        package var createdAt: Timestamp

        package init(
            name: String, version: String, digest: String?, identity: String? = nil, runID: String?, modelID: String?, createdAt: Timestamp
        ) {
            self.name = name
            self.version = version
            self.digest = digest
            self.identity = identity
            self.runID = runID
            self.modelID = modelID
            self.createdAt = createdAt
        }
    }

    package struct Run: Sendable {
        package var id: String
        package var name: String
        package var experiment: String
        package var status: String
        package var tags: [String: String]

        package init(id: String, name: String, experiment: String, status: String, tags: [String: String]) {
            self.id = id
            self.name = name
            self.experiment = experiment
            self.status = status
            self.tags = tags
        }
    }

    package struct Code: Sendable, Hashable {
        package var commit: String?
        package var dirty: Bool?
        package var branch: String?
        package var source: String?
    }

    package struct DatasetVersion: Sendable {
        package var name: String
        package var digest: String
        package var rows: Int64?
        package var source: String?

        package init(name: String, digest: String, rows: Int64?, source: String?) {
            self.name = name
            self.digest = digest
            self.rows = rows
            self.source = source
        }
    }

    package var prediction: Prediction
    package var modelVersion: ModelVersion?
    package var run: Run?
    package var pipelineRun: String?
    package var code: Code?
    package var datasets: [DatasetVersion]
    package var gaps: [String]
}

extension Trace {
    package var json: JSONObject {
        var object: JSONObject = [
            "prediction": .object(
                [
                    "id": .string(prediction.id), "time": .string(prediction.time.rfc3339), "endpoint": .string(prediction.endpoint),
                    "route": .string(prediction.route), "details": .object(prediction.details),
                ]),
            "endpoint": .string(prediction.endpoint), "route": .string(prediction.route),
        ]
        object["model_version"] =
            modelVersion.map {
                [
                    "name": .string($0.name), "version": .string($0.version), "digest": JSONValue($0.digest),
                    "identity": JSONValue($0.identity), "run_id": JSONValue($0.runID),
                    "model_id": JSONValue($0.modelID), "created_at": .string($0.createdAt.rfc3339),
                ]
            } ?? .null
        object["run"] =
            run.map {
                ["id": .string($0.id), "name": .string($0.name), "experiment": .string($0.experiment), "status": .string($0.status)]
            } ?? .null
        object["pipeline_run"] = JSONValue(pipelineRun)
        object["code"] =
            code.map {
                [
                    "commit": JSONValue($0.commit), "dirty": JSONValue($0.dirty), "branch": JSONValue($0.branch),
                    "source": JSONValue($0.source),
                ]
            } ?? .null
        object["datasets"] = .array(
            datasets.map {
                ["name": .string($0.name), "digest": .string($0.digest), "rows": JSONValue($0.rows), "source": JSONValue($0.source)]
            })
        object["dataset"] = object["datasets"]?[0] ?? .null
        object["gaps"] = .array(gaps.map(JSONValue.string))
        return object
    }
}
