import HTTP
import JSON

extension RouteTable {
    /// What clients ask before anything else.
    mutating func addService() {
        let version = services.version
        addRaw("GET", "/health", .read) { _ in .text("OK") }
        addRaw("GET", "/version", .read) { _ in .text(version) }
        add("GET", "server-info", .read, version: "3.0") { _ in
            .object { writer in
                writer.member("store_type", "SqlStore")
                for capability in [
                    "workspaces_enabled", "trace_archival_enabled", "multipart_uploads_enabled", "multipart_downloads_enabled",
                ] {
                    writer.key(capability)
                    writer.value(false)
                }
                writer.key("presigned_upload_run_id_supported")
                writer.value(false)
                writer.key("presigned_upload_model_id_supported")
                writer.value(false)
                writer.key("features_enabled")
                writer.beginObject()
                writer.key("gateway")
                writer.value(false)
                writer.endObject()
            }
        }
    }
}
