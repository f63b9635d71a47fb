import Clockwork
import HTTP
import JSON
import Registry

extension JSONWriter {
    mutating func write(_ model: RegisteredModel) {
        beginObject()
        member("name", model.name)
        member("creation_timestamp", model.createdAt.milliseconds)
        member("last_updated_timestamp", model.updatedAt.milliseconds)
        if !model.description.isEmpty { member("description", model.description) }
        list("latest_versions", model.latestVersions) { $0.write($1) }
        list("tags", model.tags) { $0.pair($1.key, $1.value) }
        list("aliases", model.aliases) { writer, alias in
            writer.beginObject()
            writer.member("alias", alias.alias)
            writer.member("version", String(alias.version))
            writer.endObject()
        }
        endObject()
    }

    /// `description`, `run_id` and `run_link` are there even when empty.
    mutating func write(_ version: ModelVersion) {
        beginObject()
        member("name", version.name)
        member("version", String(version.version))
        member("creation_timestamp", version.createdAt.milliseconds)
        member("last_updated_timestamp", version.updatedAt.milliseconds)
        member("current_stage", version.stage.rawValue)
        member("description", version.description)
        member("source", version.source)
        member("run_id", version.runID)
        member("status", version.status.rawValue)
        if !version.statusMessage.isEmpty { member("status_message", version.statusMessage) }
        list("tags", version.tags) { $0.pair($1.key, $1.value) }
        member("run_link", version.runLink)
        list("aliases", version.aliases) { $0.value($1) }
        endObject()
    }
}

extension HTTPResponse {
    static func modelVersion(_ version: ModelVersion) -> HTTPResponse {
        .object { writer in
            writer.key("model_version")
            writer.write(version)
        }
    }
}
