package import Errors
package import HTTP
import JSON
import Protobuf
import RPC
package import Tracing

/// Declares OTLP over HTTP for traces (opentelemetry.io/docs/specs/otlp): protobuf and JSON, compressed or not. The header
/// `x-mlflow-experiment-id` says where the traces belong, `x-mlflow-run-id` which run they are of. An answer means that all spans are
/// durable.
package func mountOpenTelemetry(on router: inout Router, tracing: TracingService) {
    router.add(
        Route(
            method: "POST", pattern: "/v1/traces", permission: .write, summary: "Takes spans of OpenTelemetry exporters (OTLP).",
            renderError: { renderOTLPError($0, $1) },
            handler: { request in
                let encoding = try Encoding(request)
                guard let experiment = request.headers["x-mlflow-experiment-id"], !experiment.isEmpty else {
                    throw JidokaError.invalidArgument(
                        "the header `x-mlflow-experiment-id` is missing",
                        hint: "set it to the id of the experiment that the traces belong to")
                }
                let body = try await request.collectBody(upTo: bodyMax)
                let batches = try encoding == .protobuf ? OTLPProtobuf.batches(body) : OTLPJSON.batches(body)
                guard !batches.isEmpty else { throw JidokaError.invalidArgument("Invalid OpenTelemetry format - no spans found") }
                let run = request.headers["x-mlflow-run-id"].flatMap { $0.isEmpty ? nil : $0 }
                try await tracing.record(batches, experimentID: experiment, run: run)
                return encoding.answer()
            }))
}

/// The largest body, after its compression is undone.
private let bodyMax = 64 << 20

/// How a request is written; the answer is written in the same way.
private enum Encoding {
    case protobuf, json

    init(_ request: HTTPRequest) throws {
        let written = request.headers["content-type"]
        switch written?.split(separator: ";").first?.filter({ $0 != " " }).lowercased() {
        case "application/x-protobuf": self = .protobuf
        case "application/json": self = .json
        default:
            throw JidokaError.invalidArgument(
                "Invalid Content-Type: \(written ?? "none"). Expected: application/x-protobuf or application/json")
        }
    }

    /// An `ExportTraceServiceResponse` without partial success: no bytes, or no members.
    func answer() -> HTTPResponse {
        switch self {
        case .protobuf: HTTPResponse(headers: ["content-type": "application/x-protobuf"], body: .bytes([]))
        case .json: .json(Array("{}".utf8))
        }
    }
}

/// A `google.rpc.Status` in the request's own encoding, as the protocol asks for. Exporters try
/// 429, 502, 503 and 504 again, and nothing else.
package func renderOTLPError(_ error: JidokaError, _ request: HTTPRequest) -> HTTPResponse {
    let (grpc, status) = (Int64(RPCStatus.Code(error.code).rawValue), error.usualStatus)
    let message = error.hint.map { "\(error.message) (\($0))" } ?? error.message
    guard (try? Encoding(request)) == .protobuf else {
        return .json(["code": .int(grpc), "message": .string(message)], status: status)
    }
    var writer = WireWriter()
    writer.int(1, grpc)
    writer.string(2, message)
    return HTTPResponse(status: status, headers: ["content-type": "application/x-protobuf"], body: .bytes(writer.bytes))
}
