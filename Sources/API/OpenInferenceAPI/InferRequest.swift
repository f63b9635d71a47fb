import Errors
import Serving

/// A request of `infer`, however it was spelled.
struct InferRequest {
    /// An output that the caller asks for, and how it wants it.
    struct Output {
        var name: String
        /// nil: as the request's `binary_data_output` says. Always binary over gRPC.
        var binary: Bool?
        /// The K of the classification extension.
        var topClasses: Int?
        /// Where in shared memory it goes; nil: into the answer.
        var place: SharedPlace?
    }

    /// The caller's own id, echoed.
    var id: String?
    var inputs: [Tensor]
    /// nil: all outputs.
    var outputs: [Output]?
    var binaryOutputs = false
    /// How long the request may wait in the queue, in microseconds.
    var timeout: Int?

    /// What the endpoint is asked. - Throws: `invalid_argument` for an output that the model does not have, before it runs.
    func call(_ endpoint: String, version: String?, unit: String?, serving: ServingService) throws -> InferenceCall {
        if let outputs {
            let signature = try serving.model(endpoint, version: version).signature
            for output in outputs where !signature.outputs.contains(where: { $0.name == output.name }) {
                throw unknownOutput(output.name, signature)
            }
        }
        return InferenceCall(endpoint: endpoint, version: version, inputs: inputs, unit: unit, timeoutMicroseconds: timeout)
    }
}

/// - Throws: `invalid_argument` for a word that is no datatype.
func tensorType(_ word: String, of input: String) throws -> TensorType {
    guard let type = TensorType(rawValue: word) else {
        throw JidokaError.invalidArgument(
            "input '\(input)' has the unknown datatype '\(word)'",
            hint: "one of " + TensorType.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return type
}
