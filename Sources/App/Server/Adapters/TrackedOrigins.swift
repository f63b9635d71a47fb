import Errors
import Registry
import Tracking

/// Runs and logged models as the registry asks for them.
struct TrackedOrigins: ModelOrigins {
    let tracking: TrackingService

    func artifactRoot(ofRun id: String) async throws -> String? {
        do { return try await tracking.runInfo(id: id).artifactURI } catch let error as JidokaError where error.code == .notFound {
            return nil
        }
    }

    func codeVersion(ofRun id: String) async throws -> String? {
        do { return try await tracking.run(id: id).tags.first { $0.key == "mlflow.source.git.commit" }?.value } catch let error
            as JidokaError where error.code == .notFound
        { return nil }
    }

    func loggedModel(id: String) async throws -> (artifactRoot: String, runID: String)? {
        do {
            let model = try await tracking.loggedModel(id: id)
            return (model.artifactURI, model.sourceRunID)
        } catch let error as JidokaError where error.code == .notFound { return nil }
    }
}
