package import Clockwork
import Errors
import Events
import JSON
import Telemetry

extension RegistryService {
    /// As long as this a registration waits for its verification. What takes longer is answered `PENDING_REGISTRATION` and goes on: the
    /// client asks again, as MLflow's own does.
    static let patience = Duration.seconds(2)
    /// So many versions are verified at the same time.
    private static let lanes = 4
    private static let pendingPage = 1_000

    /// Verifies again, for example after the files were uploaded.
    package func verify(name: String, version: Int, actor: String) async throws -> ModelVersion {
        try await verifyInTurn(try await self.version(name: name, version), actor: actor)
    }

    /// Verifies a new version and answers with what it is by then: ready, failed, or still pending.
    func verifyPatiently(_ version: ModelVersion, actor: String) async throws -> ModelVersion {
        let service = self
        let (answers, answer) = AsyncStream.makeStream(of: Result<ModelVersion, any Error>.self)
        // A task of its own: it outlives a caller that goes away.
        Task {
            do { answer.yield(.success(try await service.verifyInTurn(version, actor: actor))) } catch {
                // The version stays pending, and is verified when the server starts again.
                service.logger.warning(
                    "a version was not verified", [("version", .string("\(version.ref)")), ("error", .string("\(error)"))])
                answer.yield(.failure(error))
            }
        }
        let patience = Task {
            do { try await service.time.sleep(for: RegistryService.patience) } catch { return }
            answer.yield(.success(version))
        }
        defer { patience.cancel() }
        for await first in answers { return try first.get() }
        return version
    }

    /// Verifies what a stop of the server left pending. - Parameter before: later registrations are in the hands of their requests.
    package func verifyPending(registeredBefore before: Timestamp) async throws {
        while true {
            let pending = try await versions.pending(registeredBefore: before, limit: RegistryService.pendingPage)
            for version in pending {
                do { _ = try await verifyInTurn(version, actor: version.userID) } catch let error as JidokaError
                    where error.code == .notFound
                {
                    continue  // deleted meanwhile
                }
            }
            if pending.count < RegistryService.pendingPage { return }
        }
    }

    private func verifyInTurn(_ version: ModelVersion, actor: String) async throws -> ModelVersion {
        try await turns.take("lane \(version.version % RegistryService.lanes)") { try await verify(version, actor: actor) }
    }

    private func verify(_ version: ModelVersion, actor: String) async throws -> ModelVersion {
        let report: VerificationReport
        do { report = try await self.report(on: version) } catch {
            let failure = JidokaError.wrapping(error)
            logger.warning("verification could not run", [("version", .string("\(version.ref)")), ("error", .string("\(failure)"))])
            return try await versions.update(
                name: version.name, version: version.version,
                ModelVersionChange(status: .failed, statusMessage: "it could not be verified: \(failure.message)"), at: time.now(),
                events: [versionEvent("model_version.rejected", version.name, version.version, actor, reason: failure.message)])
        }
        // What was verified before stays what it was: other bytes under the same version are a failure, not an update.
        let moved = version.verification.map { $0.isSound && $0.digest != report.digest } ?? false
        let sound = report.isSound && !moved
        let message = moved ? "the files are no longer those that were verified" : report.problem ?? report.detail
        let kind = sound ? "model_version.verified" : "model_version.rejected"
        return try await versions.update(
            name: version.name, version: version.version,
            ModelVersionChange(
                status: sound ? .ready : .failed, statusMessage: message, verification: moved ? version.verification : report),
            at: time.now(),
            events: [versionEvent(kind, version.name, version.version, actor, reason: message, ["report": .object(report.json)])])
    }

    private func report(on version: ModelVersion) async throws -> VerificationReport {
        if let scheme = SourceURI.remoteScheme(version.storageLocation) {
            return VerificationReport(
                files: 0, bytes: 0, digest: "", flavors: [], loads: nil, predicts: nil, detail: "",
                problem:
                    "nothing was verified: the server does not fetch from \(scheme):// addresses; clients may still download from there")
        }
        // The commit that was true at the first verification stays: a tag of the run may change, or the run may be gone.
        var code = version.verification?.codeVersion
        if code == nil { code = version.runID.isEmpty ? "" : try await origins.codeVersion(ofRun: version.runID) ?? "" }
        return try await verifier.verify(
            ModelSource(uri: version.source, location: version.storageLocation, codeVersion: code ?? ""))
    }
}

/// Takes up the verifications that the last stop of the server cut off.
package struct VerificationRecovery: Service {
    package let name = "verification recovery"
    private let registry: RegistryService
    private let started: Timestamp

    package init(registry: RegistryService, started: Timestamp) {
        self.registry = registry
        self.started = started
    }

    package func run() async throws { try await registry.verifyPending(registeredBefore: started) }
}
