import Errors
import HTTP
import JSON
import Serving

/// The longest body of a request; it holds a few settings.
private let bodyMax = 64 << 10

/// Trace and log settings as Triton names them. They can be read, and set to what they are: logs are set with `--log-level` at the start,
/// and traces of requests are not kept.
func settingRoutes(_ serving: ServingService) -> [HTTP.Route] {
    let model = "/v2/models/{model}/trace/setting"
    return [
        route("GET", "/v2/trace/setting", "How requests are traced.") { _ in .json(.object(traceSettings)) },
        route("POST", "/v2/trace/setting", "Refuses any other setting than the present one.", permission: .operate) { request in
            .json(.object(try keep(traceSettings, asked: try await settings(request))))
        },
        route("GET", model, "How a model's requests are traced.") { request in
            _ = try serving.description(of: try request.parameter("model"))
            return .json(.object(traceSettings))
        },
        route("POST", model, "Refuses any other setting than the present one.", permission: .operate) { request in
            _ = try serving.description(of: try request.parameter("model"))
            return .json(.object(try keep(traceSettings, asked: try await settings(request))))
        },
        route("GET", "/v2/logging", "What is logged.") { _ in .json(.object(logSettings)) },
        route("POST", "/v2/logging", "Refuses any other setting than the present one.", permission: .operate) { request in
            .json(.object(try keep(logSettings, asked: try await settings(request))))
        },
    ]
}

let traceSettings: JSONObject = ["trace_level": ["OFF"], "trace_rate": "1000", "trace_count": "-1", "log_frequency": "0"]

let logSettings: JSONObject = [
    "log_file": "", "log_info": true, "log_warning": true, "log_error": true, "log_verbose_level": 0, "log_format": "default",
]

/// The settings as they stay. A null asks for the default, which they have.
/// - Throws: `failed_precondition` when another value is asked for, `invalid_argument` for a setting that does not exist.
func keep(_ settings: JSONObject, asked: JSONObject) throws -> JSONObject {
    for (name, value) in asked {
        guard let present = settings[name] else {
            throw JidokaError.invalidArgument("unknown setting `\(name)`", hint: "known: " + settings.keys.joined(separator: ", "))
        }
        guard value.isNull || value == present || value == .array([present]) else {
            throw JidokaError.failedPrecondition(
                "`\(name)` is \(present.text) and cannot be changed while the server runs",
                hint: "`jidoka up --log-level` says what is logged; requests are not traced")
        }
    }
    return settings
}

private func settings(_ request: HTTPRequest) async throws -> JSONObject {
    guard let object = try JSONValue.parse(try await request.collectBody(upTo: bodyMax)).objectValue else {
        throw JidokaError.invalidArgument("the request must be a JSON object")
    }
    return object
}
