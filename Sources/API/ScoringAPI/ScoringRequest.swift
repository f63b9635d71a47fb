import Errors
import JSON
import Serving

/// A request of `/invocations`, decoded to the model's inputs (mlflow.org/docs, "Local model serving").
struct ScoringRequest {
    var inputs: [Tensor]
    /// It was a table of named columns, not tensors.
    var isTable: Bool

    private static let forms = ["dataframe_split", "dataframe_records", "instances", "inputs"]

    init(_ body: [UInt8], _ form: ContentForm, signature: ModelSignature) throws {
        switch form {
        case .csv:
            inputs = try FeatureTable(csv: body).tensors(signature)
            isTable = true
        case .json:
            let request = try JSONDocument(body).root
            guard request.kind == .object else { throw ScoringRequest.malformed("it is no JSON object") }
            let found = ScoringRequest.forms.filter { request[$0] != nil }
            guard found.count == 1, let content = request[found[0]] else {
                throw ScoringRequest.malformed(
                    found.isEmpty ? "it has none of these keys" : "it has several of these keys: \(found.joined(separator: ", "))")
            }
            // Models that take params get them through Python's own client; none is dropped silently.
            if let params = request["params"], params.count > 0 {
                throw JidokaError.invalidArgument("`params` cannot be given to this model", hint: "leave `params` out")
            }
            isTable = found[0].hasPrefix("dataframe")
            inputs =
                switch found[0] {
                case "dataframe_split": try FeatureTable(split: content).tensors(signature)
                case "dataframe_records": try FeatureTable(records: content).tensors(signature)
                case "instances": try NamedTensors.fromRows(content, signature)
                default: try NamedTensors.fromColumns(content, signature)
                }
        }
    }

    private static func malformed(_ why: String) -> JidokaError {
        .invalidArgument(
            "The request body cannot be read: \(why)",
            hint: "send exactly one of 'dataframe_split', 'dataframe_records', 'instances', 'inputs'")
    }
}

/// `{"features": [[…], …]}` (or one row) as the model's inputs, in the order of its features.
func featureRows(_ body: [UInt8], signature: ModelSignature) throws -> [Tensor] {
    guard let features = try JSONDocument(body).root["features"], features.kind == .array else {
        throw JidokaError.invalidArgument("the request has no `features`", hint: #"send {"features": [[…], …]}"#)
    }
    let rows = features.elements
    let isOneRow = rows.first.map { $0.kind != .array } ?? true
    return try FeatureTable(columns: nil, rows: isOneRow ? [rows] : rows.map(\.elements)).tensors(signature)
}
