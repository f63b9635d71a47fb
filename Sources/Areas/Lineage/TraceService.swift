import Errors

/// Where the links of a trace are looked up; the composition root joins it with the other areas. nil: not known.
package protocol LineageSource: Sendable {
    func prediction(_ id: String) async throws -> Trace.Prediction?
    func modelVersion(name: String, version: String) async throws -> Trace.ModelVersion?
    func run(_ id: String) async throws -> Trace.Run?
    func dataset(name: String, digest: String) async throws -> Trace.DatasetVersion?
}

/// Follows a prediction back to its model version, run, code and data.
package struct TraceService: Sendable {
    private let source: any LineageSource

    package init(source: any LineageSource) { self.source = source }

    /// - Throws: `not_found` when no such prediction is logged. A missing link further on is a gap of the answer, not an error.
    package func trace(_ id: String) async throws -> Trace {
        guard let prediction = try await source.prediction(id) else {
            throw JidokaError.notFound(
                "no prediction `\(id)` is logged",
                hint: "a prediction is found up to a second after its answer; its id is in `x-jidoka-prediction-id`")
        }
        var trace = Trace(prediction: prediction, modelVersion: nil, run: nil, pipelineRun: nil, code: nil, datasets: [], gaps: [])
        trace.modelVersion = try await source.modelVersion(name: prediction.model, version: prediction.version)
        guard let version = trace.modelVersion else {
            trace.gaps.append("model version \(prediction.model)/\(prediction.version) is not in the registry")
            return trace
        }
        guard let runID = version.runID else {
            trace.gaps.append("the model version names no run")
            return trace
        }
        trace.run = try await source.run(runID)
        guard let run = trace.run else {
            trace.gaps.append("run \(runID) is not in the tracking store")
            return trace
        }
        addCode(of: run, to: &trace)
        try await addDatasets(of: run, to: &trace)
        return trace
    }

    private func addCode(of run: Trace.Run, to trace: inout Trace) {
        trace.pipelineRun = run.tags["jidoka.pipeline_run"]
        let code = Trace.Code(
            commit: run.tags["jidoka.git.commit"] ?? run.tags["mlflow.source.git.commit"],
            dirty: run.tags["jidoka.git.dirty"].map { $0 == "true" },
            branch: run.tags["jidoka.git.branch"] ?? run.tags["mlflow.source.git.branch"], source: run.tags["mlflow.source.name"])
        trace.code = code
        if code.commit == nil { trace.gaps.append("the run names no code commit: it ran outside a git work tree") }
        if code.dirty == nil { trace.gaps.append("whether the code was dirty is not known: the run was not started by a pipeline") }
    }

    /// Pipeline runs tag each run with the digest of every dataset version that they were given: `jidoka.dataset.NAME`.
    private func addDatasets(of run: Trace.Run, to trace: inout Trace) async throws {
        let prefix = "jidoka.dataset."
        for (tag, digest) in run.tags.sorted(by: { $0.key < $1.key }) where tag.hasPrefix(prefix) {
            let name = String(tag.dropFirst(prefix.count))
            let known = try await source.dataset(name: name, digest: digest)
            trace.datasets.append(known ?? Trace.DatasetVersion(name: name, digest: digest, rows: nil, source: nil))
            if known == nil { trace.gaps.append("dataset version \(name)@\(digest.prefix(12)) is not stored") }
        }
        if trace.datasets.isEmpty { trace.gaps.append("the run names no dataset version") }
    }
}
