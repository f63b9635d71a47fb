package import Clockwork
import Errors
import Events
import JSON
package import Telemetry

/// Judges versions by gates, and promotes those that passed.
package struct GateService: Sendable {
    private let models: any ModelStore
    private let versions: any ModelVersionStore
    private let reports: any GateReportStore
    private let evaluator: any ModelEvaluator
    private let time: any TimeSource
    private let ids: any IDSource
    private let logger: Logger

    package init(
        models: any ModelStore, versions: any ModelVersionStore, reports: any GateReportStore, evaluator: any ModelEvaluator,
        time: any TimeSource, ids: any IDSource, logger: Logger
    ) {
        self.models = models
        self.versions = versions
        self.reports = reports
        self.evaluator = evaluator
        self.time = time
        self.ids = ids
        self.logger = logger
    }

    /// The version that alias `champion` points to.
    package func champion(of name: String) async throws -> Int? {
        guard let model = try await models.model(name: name) else { throw RegistryErrors.noModel(name) }
        return model.aliases.first { $0.alias == ModelAlias.champion }?.version
    }

    /// Evaluates the version, and the champion on the same rows, and keeps the report. A failed gate is a report, not an error.
    /// - Throws: `failed_precondition` when the version is not ready.
    package func judge(
        name: String, version: Int, gate: Gate, on data: EvaluationData, champion: Int?, actor: String, reason: String = ""
    ) async throws -> GateReport {
        let judged = try await ready(name, version)
        let evaluation = try await evaluator.evaluate(judged.ref, on: data, metrics: gate.metrics, slices: gate.slices)
        var rival: Evaluation?
        let compares = gate.checks.contains { if case .betterThanChampion = $0 { true } else { false } }
        if compares, let champion, champion != version {
            let incumbent = try await ready(name, champion)
            rival = try await evaluator.evaluate(incumbent.ref, on: data, metrics: gate.metrics, slices: [])
        }
        let checks = GateJudgement.judge(gate, evaluation, champion: rival)
        let verdict: GateVerdict = checks.allSatisfy { $0.verdict == .passed } ? .passed : .failed
        let report = GateReport(
            id: ids.next(), model: name, version: version, digest: judged.verification?.digest ?? "", champion: champion, data: data,
            rows: evaluation.rows, verdict: verdict, checks: checks, metrics: evaluation.metrics, time: time.now())
        let event = EventDraft(
            kind: verdict == .passed ? "gate.passed" : "gate.failed", subject: EventSubject("model_version", "\(name)/\(version)"),
            actor: actor, reason: reason.isEmpty ? report.failures.joined(separator: "; ") : reason, payload: report.json, time: report.time
        )
        try await reports.save(report, events: [event])
        logger.info("gate judged", [("version", .string("\(name)/\(version)")), ("verdict", .string(verdict.rawValue))])
        return report
    }

    package func newestReport(name: String, version: Int) async throws -> GateReport? {
        try await reports.newest(model: name, version: version)
    }

    /// Points `champion` to the version. Of two promotions that saw the same champion, one wins and the other is a `conflict`.
    /// - Throws: `failed_precondition` without a passed gate for exactly these bytes, unless `override`, which needs a reason and is kept
    ///   in the event.
    package func promote(name: String, version: Int, actor: String, reason: String, override: Bool = false) async throws -> ModelVersion {
        let candidate = try await ready(name, version)
        let before = try await champion(of: name)
        let report = try await reports.newest(model: name, version: version)
        let passed = report.map { $0.verdict == .passed && $0.digest == (candidate.verification?.digest ?? "") } ?? false
        if override {
            guard reason.contains(where: { !$0.isWhitespace }) else {
                throw JidokaError.invalidArgument("an override needs a reason", hint: "say why with --reason TEXT")
            }
        } else if !passed {
            let why = report.map { $0.failures.joined(separator: "; ") } ?? "it was never judged"
            throw JidokaError.failedPrecondition(
                "version \(version) of `\(name)` has no passed gate: \(why)",
                hint: "run `jidoka models gate \(name) \(version)`, or override with a reason")
        }
        let payload: JSONObject = [
            "alias": .string(ModelAlias.champion), "version": .int(Int64(version)), "before": JSONValue(before),
            "override": .bool(override),
            "gate": JSONValue(report?.id), "gate_passed": .bool(passed),
        ]
        let event = EventDraft(
            kind: "model_version.promoted", subject: EventSubject("model_version", "\(name)/\(version)"), actor: actor, reason: reason,
            payload: payload, time: time.now())
        try await models.setAlias(
            ModelAlias.champion, name: name, to: version, expecting: .version(before), at: time.now(), events: [event])
        guard let promoted = try await versions.version(name: name, version) else { throw RegistryErrors.noVersion(name, version) }
        return promoted
    }

    private func ready(_ name: String, _ version: Int) async throws -> ModelVersion {
        guard let found = try await versions.version(name: name, version) else { throw RegistryErrors.noVersion(name, version) }
        guard found.status == .ready else {
            throw JidokaError.failedPrecondition(
                "version \(version) of `\(name)` is not ready: \(found.statusMessage)", hint: "verify it again, or register another version"
            )
        }
        return found
    }
}
