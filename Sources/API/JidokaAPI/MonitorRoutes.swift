import ContinuousTraining
import Errors
import HTTP
import JSON
import Monitoring

/// Monitors, their windows and reports; alerts.
extension JidokaRoutes {
    mutating func mountMonitors(_ services: JidokaServices) {
        add("GET", "/monitors/{endpoint}", .read, "The monitor of an endpoint: state, settings, newest windows.") { request in
            let monitor = try monitor(request, services)
            var document = try await monitor.state().json
            document["settings"] = monitor.settings.json
            document["newest"] = .array(try await monitor.reports(limit: 5).map { .object($0.json) })
            if let loop = services.loops()[try request.parameter("endpoint")] { document["training"] = .object(try await loop.loop().json) }
            return .json(.object(document))
        }
        add("GET", "/monitors/{endpoint}/windows", .read, "The windows of an endpoint, newest first.") { request in
            .json(.array(try await monitor(request, services).reports(limit: try request.limit(default: 50)).map { .object($0.json) }))
        }
        add("GET", "/monitors/{endpoint}/report", .read, "Drift and performance over the newest windows.") { request in
            let report = try await MonitorReport(of: monitor(request, services), limit: try request.limit(default: 200))
            return .json(.object(report.json))
        }
        add("GET", "/monitors/{endpoint}/report.html", .read, "The same as one self-contained page.") { request in
            let report = try await MonitorReport(of: monitor(request, services), limit: try request.limit(default: 200))
            return HTTPResponse(
                headers: [
                    "content-type": "text/html; charset=utf-8",
                    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:",
                ], body: .bytes(Array(report.html.utf8)))
        }
        add("GET", "/alerts", .read, "List alerts, newest first.") { request in
            .json(.array(try await services.alerts.alerts(limit: try request.limit(default: 50)).map { .object($0.json) }))
        }
        add("POST", "/alerts/{id}/acknowledge", .operate, "Say that someone looks after an alert.") { request in
            let fields = try await RequestFields(request, known: ["actor", "reason"])
            let alert = try await services.alerts.acknowledge(
                try request.parameter("id"), actor: try fields.actor(), reason: try fields.optionalText("reason") ?? "acknowledged")
            return .json(.object(alert.json))
        }
        hold("hold", "Start no retrain of this endpoint until released.", services) { .hold(actor: $0, reason: $1) }
        hold("release", "Let retrains start again.", services) { .release(actor: $0, reason: $1) }
    }

    private mutating func hold(
        _ verb: String, _ summary: String, _ services: JidokaServices,
        _ input: @escaping @Sendable (String, String) -> TrainingLoopMachine.Input
    ) {
        add("POST", "/training/{endpoint}/\(verb)", .operate, summary) { request in
            let fields = try await RequestFields(request, known: ["actor", "reason"])
            let name = try request.parameter("endpoint")
            guard let loop = services.loops()[name] else {
                throw JidokaError.notFound("no policy retrains endpoint `\(name)`", hint: "declare one under `policy` in jidoka.yaml")
            }
            try await loop.command(input(try fields.actor(), try fields.text("reason")))
            return .json(.object(try await loop.loop().json))
        }
    }
}

private func monitor(_ request: HTTPRequest, _ services: JidokaServices) throws -> MonitorService {
    let name = try request.parameter("endpoint")
    let monitors = services.monitors()
    guard let monitor = monitors[name] else {
        throw JidokaError.notFound(
            "no monitor watches endpoint `\(name)`",
            hint: nearestName(to: name, among: monitors.keys).map { "did you mean `\($0)`?" } ?? "declare `monitor` in jidoka.yaml")
    }
    return monitor
}

extension MonitorConfiguration {
    var json: JSONValue {
        [
            "window_rows": .int(Int64(windowRows)), "drift_share": .double(driftShare), "persist": .int(Int64(persist)),
            "performance_metric": .string(performanceMetric), "performance_drop": .double(performanceDrop),
            "psi_bands": ["watch": 0.1, "significant": 0.2, "severe": 0.25],
        ]
    }
}
