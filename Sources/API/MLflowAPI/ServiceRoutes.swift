import HTTP
import JSON
import Tracking

extension RouteTable {
    /// What clients ask before anything else.
    mutating func addService() {
        let (version, hasDirect) = (services.version, services.artifacts.direct != nil)
        addRaw("GET", "/health", .read) { _ in .text("OK") }
        addRaw("GET", "/version", .read) { _ in .text(version) }
        add("GET", "server-info", .read, version: "3.0") { _ in
            .object { writer in
                writer.member("store_type", "SqlStore")
                for (capability, isThere) in [
                    ("workspaces_enabled", false), ("trace_archival_enabled", false), ("multipart_uploads_enabled", hasDirect),
                    ("multipart_downloads_enabled", hasDirect), ("presigned_upload_run_id_supported", false),
                    ("presigned_upload_model_id_supported", false),
                ] {
                    writer.key(capability)
                    writer.value(isThere)
                }
                writer.key("features_enabled")
                writer.beginObject()
                writer.key("gateway")
                writer.value(false)
                writer.endObject()
            }
        }
    }
}
