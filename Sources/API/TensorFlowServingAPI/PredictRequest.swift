import Errors
import JSON
import Serving

/// A request of `:predict`, decoded to the datatypes of the model's inputs: JSON has one kind of number.
struct PredictRequest {
    enum Form {
        /// `instances` and `predictions`: one value, list or object a row.
        case rows
        /// `inputs` and `outputs`: one tensor, or one for each name.
        case columns
    }
    var form: Form
    var inputs: [Tensor]

    init(_ body: [UInt8], signature: ModelSignature) throws {
        let request = try JSONDocument(body).root
        guard request.kind == .object else { throw JidokaError.invalidArgument("the request must be a JSON object") }
        switch (request["instances"], request["inputs"]) {
        case (.some, .some): throw JidokaError.invalidArgument("send `instances` or `inputs`, not both")
        case (nil, nil):
            throw JidokaError.invalidArgument(
                "Missing 'inputs' or 'instances' key", hint: #"{"instances": [[…], …]} or {"inputs": {name: tensor}}"#)
        case (let instances?, nil):
            form = .rows
            inputs = try NamedTensors.fromRows(instances, signature)
        case (nil, let tensors?):
            form = .columns
            inputs = try NamedTensors.fromColumns(tensors, signature)
        }
    }
}
