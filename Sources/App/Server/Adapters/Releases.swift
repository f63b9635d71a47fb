import Clockwork
import Datasets
import Errors
import Filters
import JSON
import JidokaAPI
import Line
import Registry
import Rollouts
import Serving
import Tracking

/// A version's way from a run to traffic: register, verify, judge, make it champion or start its rollout.
struct Releases: Sendable {
    let registry: RegistryService
    let gates: GateService
    let tracking: TrackingService
    let datasets: DatasetService
    let serving: ServingService
    let rollouts: RolloutService
    let line: LineState
    private static let experimentsMax = 1_000

    /// Registers the newest logged model of the MLflow runs that the given pipeline runs tagged. The same logged model is registered once.
    func register(pipelineRuns: [String], as model: String, run: String, actor: String) async throws -> ModelVersion {
        let experiments = try await tracking.searchExperiments(ExperimentSearch(limit: Releases.experimentsMax)).items.map(\.id)
        var newest: LoggedModel?
        for source in pipelineRuns {
            let search = RunSearch(
                experimentIDs: experiments, filter: try RunFilter.parse("tags.`jidoka.pipeline_run` = '\(source)'"), limit: 100)
            for found in try await tracking.searchRuns(search).items {
                guard let logged = try await newestModel(of: found) else { continue }
                if newest.map({ $0.createdAt < logged.createdAt }) ?? true { newest = logged }
            }
        }
        guard let newest else {
            throw JidokaError.failedPrecondition(
                "pipeline run `\(run)` logged no model", hint: "log one in a step with mlflow's log_model, in a run that the step starts")
        }
        return try await register(newest, as: model, actor: actor)
    }

    func register(run id: String, as model: String, actor: String) async throws -> ModelVersion {
        guard let logged = try await newestModel(of: try await tracking.run(id: id)) else {
            throw JidokaError.failedPrecondition("run `\(id)` logged no model", hint: "log one with mlflow's log_model")
        }
        return try await register(logged, as: model, actor: actor)
    }

    private func newestModel(of run: Run) async throws -> LoggedModel? {
        let filter = try LoggedModelFilter.parse("source_run_id = '\(run.info.id)'")
        let found = try await tracking.searchLoggedModels(
            LoggedModelSearch(experimentIDs: [run.info.experimentID], filter: filter, limit: 100)
        ).items
        return found.filter { $0.status == .ready }.max { $0.createdAt < $1.createdAt }
    }

    private func register(_ logged: LoggedModel, as name: String, actor: String) async throws -> ModelVersion {
        do { _ = try await registry.createModel(name: name, actor: actor) } catch let error as JidokaError {
            guard error.code == .alreadyExists else { throw error }
        }
        let source = "models:/\(logged.id)"
        let known = try await versions(of: name).first { $0.source == source }
        if let known { return known }
        return try await registry.registerVersion(
            VersionRequest(name: name, source: source, runID: logged.sourceRunID, modelID: logged.id), actor: actor)
    }

    /// Newest first.
    func versions(of name: String) async throws -> [ModelVersion] {
        _ = try await registry.model(name: name)
        let filter = FilterTree.leaf(ModelVersionCondition(field: .attribute(.name), comparator: .equal, value: .text(name)))
        return try await registry.searchVersions(ModelVersionSearch(filter: filter, limit: 1_000)).items.sorted { $0.version > $1.version }
    }

    /// Judges by the declared gate, on the holdout rows of the given (else newest) dataset version.
    func judge(_ model: String, _ version: Int, data: [String: String], actor: String) async throws -> GateReport {
        guard let gate = try line.require().gate else {
            throw JidokaError.failedPrecondition("the line declares no gate", hint: "add `gate` to jidoka.yaml")
        }
        let digest: String
        if let given = data[gate.data] { digest = given } else { digest = try await datasets.version(dataset: gate.data).digest }
        let part = line.split(dataset: gate.data).holdout > 0 ? "holdout" : "all"
        return try await gates.judge(
            name: model, version: version, gate: Gate(checks: gate.checks.map(Check.init)),
            on: EvaluationData(dataset: gate.data, version: digest, part: part),
            champion: try await gates.champion(of: model), actor: actor)
    }

    /// The first version of a model needs no rollout: there is nobody to compare with. Later ones wait for theirs.
    func makeFirstChampion(_ version: ModelVersion, actor: String) async throws {
        guard try await gates.champion(of: version.name) == nil else { return }
        let needsGate = line.line?.gate != nil
        _ = try await gates.promote(
            name: version.name, version: version.version, actor: actor, reason: "first version that passed", override: !needsGate)
        try await serve(version.name, String(version.version), actor: actor, reason: "first champion")
    }

    /// Points the endpoints of a model to a version; the one that the line declares is made when it is missing.
    func serve(_ model: String, _ version: String, actor: String, reason: String) async throws {
        if let declared = line.line?.endpoint, line.line?.model == model { try await ensureEndpoint(declared, model: model, actor: actor) }
        for endpoint in serving.descriptions.map(\.endpoint) where endpoint.model == model {
            try await serving.promote(version, of: endpoint.name, actor: actor, reason: reason)
        }
    }

    private func ensureEndpoint(_ declared: EndpointDeclaration, model: String, actor: String) async throws {
        guard !serving.descriptions.contains(where: { $0.endpoint.name == declared.name }) else { return }
        let batching = BatchPolicy(rowsMax: declared.batchMax, delayMicroseconds: Int(declared.batchDelay.microseconds))
        try await serving.create(declared.name, model: model, batching: batching, actor: actor, reason: "declared by the line")
    }

    /// - Throws: `failed_precondition` without a passed gate, unless overridden with a reason.
    func startRollout(
        endpoint: String, version: String, steps: [Int]?, override: Bool, actor: String, reason: String
    ) async throws -> Rollout {
        let description = try serving.description(of: endpoint)
        guard let champion = description.endpoint.plan.champion else {
            throw JidokaError.failedPrecondition(
                "endpoint `\(endpoint)` has no champion to compare with",
                hint: "promote a version first: `jidoka models promote \(description.endpoint.model) \(version)`")
        }
        guard let number = Int(version) else { throw JidokaError.invalidArgument("`\(version)` is no version number") }
        let model = description.endpoint.model
        let candidate = try await registry.version(name: model, number)
        let report = try await gates.newestReport(name: model, version: number)
        let passed = report?.verdict == .passed && report?.digest == candidate.verification?.digest
        if !passed, !override {
            let why = report.map { $0.failures.joined(separator: "; ") } ?? "it was never judged"
            throw JidokaError.failedPrecondition(
                "version \(version) of `\(model)` has no passed gate: \(why)",
                hint: "run `jidoka models gate \(model) \(version)`, or add --override with a --reason, which is kept")
        }
        var plan = line.line?.endpoint?.rollout ?? RolloutPlan()
        if let steps { plan.steps = steps }
        return try await rollouts.start(
            RolloutService.Request(
                endpoint: endpoint, model: model, champion: champion, candidate: version, plan: plan, actor: actor, reason: reason,
                overridden: override && !passed))
    }
}

extension Check {
    init(_ declared: CheckDeclaration) {
        switch declared {
        case .atLeast(let metric, let min): self = .metric(metric, min: min, max: nil)
        case .atMost(let metric, let max): self = .metric(metric, min: nil, max: max)
        case .betterThanChampion(let metric, let by): self = .betterThanChampion(metric, by: by)
        case .slices(let columns, let metric, let gap): self = .slices(columns, metric: metric, maxGap: gap)
        case .latencyP99(let milliseconds): self = .latencyP99(milliseconds: milliseconds)
        }
    }
}
