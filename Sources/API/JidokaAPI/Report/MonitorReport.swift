import Clockwork
import JSON
import Monitoring

/// Drift and performance of one endpoint over its newest windows: the same facts as JSON and as a page.
struct MonitorReport {
    let endpoint: String
    let monitor: Monitor
    let settings: MonitorConfiguration
    /// Oldest first.
    let windows: [WindowReport]

    init(of service: MonitorService, limit: Int) async throws {
        monitor = try await service.state()
        settings = service.settings
        endpoint = monitor.endpoint
        windows = try await service.reports(limit: limit).reversed()
    }

    var newest: WindowReport? { windows.last }

    /// Accuracy over all labelled rows of these windows.
    var labelled: (rows: Int64, accuracy: Double?) {
        var rows: Int64 = 0
        var correct = 0.0
        for window in windows {
            guard let accuracy = window.performance.metrics["accuracy"] else { continue }
            rows += window.performance.labelled
            correct += accuracy * Double(window.performance.labelled)
        }
        return (rows, rows > 0 ? correct / Double(rows) : nil)
    }

    var json: JSONObject {
        [
            "endpoint": .string(endpoint), "monitor": .object(monitor.json), "settings": settings.json,
            "summary": [
                "windows": .int(Int64(windows.count)), "drifted_windows": .int(Int64(windows.count { $0.isDrifted })),
                "labelled": .int(labelled.rows), "accuracy": JSONValue(labelled.accuracy),
                "drifted_features": .array((newest?.features ?? []).filter(\.isDrifted).map { .string($0.name) }),
            ],
            "windows": .array(windows.map { .object($0.json) }),
        ]
    }
}
