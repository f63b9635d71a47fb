package import Errors

/// The refusals whose words MLflow clients match: fixed here once, thrown by the service and by stores alike.
package enum TrackingErrors {
    package static func noExperiment(_ id: String) -> JidokaError { .notFound("No Experiment with id=\(id) exists") }

    package static func experimentExists(_ name: String) -> JidokaError {
        .alreadyExists(
            "Experiment(name=\(name)) already exists.", hint: "choose another name, or restore the deleted experiment of this name")
    }

    package static func experimentNotActive(_ id: String, _ lifecycle: Lifecycle) -> JidokaError {
        .invalidArgument("The experiment \(id) must be in the 'active' state. Current state is \(lifecycle.rawValue).")
    }

    package static func noRun(_ id: String) -> JidokaError { .notFound("Run with id=\(id) not found") }

    package static func runNotActive(_ id: String, _ lifecycle: Lifecycle) -> JidokaError {
        .invalidArgument("The run \(id) must be in the 'active' state. Current state is \(lifecycle.rawValue).")
    }

    package static func noLoggedModel(_ id: String) -> JidokaError { .notFound("Logged model with ID '\(id)' not found.") }

    /// A param that was logged with another value.
    package struct ChangedParam: Sendable {
        package var key: String
        package var old: String
        package var new: String

        package init(key: String, old: String, new: String) {
            self.key = key
            self.old = old
            self.new = new
        }
    }

    /// `changes` is not empty.
    package static func paramsChanged(_ changes: [ChangedParam], in batch: RunBatch) -> JidokaError {
        if !batch.isBatch, let change = changes.first {
            return .invalidArgument(
                "Changing param values is not allowed. Param with key='\(change.key)' was already logged with value='\(change.old)' "
                    + "for run ID='\(batch.runID)'. Attempted logging new value '\(change.new)'.")
        }
        let list = changes.map { "{'key': '\($0.key)', 'old_value': '\($0.old)', 'new_value': '\($0.new)'}" }.joined(separator: ", ")
        return .invalidArgument(
            "Changing param values is not allowed. Params were already logged='[\(list)]' for run ID='\(batch.runID)'.")
    }
}
