import Errors
import JSON

/// One column or tensor of an MLflow model signature.
package struct SignatureColumn: Sendable, Hashable {
    /// nil for an unnamed tensor.
    package var name: String?
    /// `double`, `long`, `string`, …, or `tensor`.
    package var type: String
    package var required: Bool

    /// Reads `signature.inputs` (or `outputs`) of an MLmodel file: the JSON list
    /// `[{"type":"double","name":"AGEP","required":true}, …]`, or tensor specifications `[{"type":"tensor","tensor-spec":{…}}]`.
    /// - Throws: `invalid_argument` when the text is no such list.
    package static func parse(mlflow text: String) throws -> [SignatureColumn] {
        guard let items = try JSONValue.parse(text).arrayValue else {
            throw JidokaError.invalidArgument("a model signature must be a JSON list", hint: "log the model again with `signature=`")
        }
        return try items.map { item in
            guard let type = item["type"]?.stringValue else {
                throw JidokaError.invalidArgument(
                    "a column of the model signature has no `type`", hint: "log the model again with `signature=`")
            }
            let optional = item["optional"]?.boolValue ?? false
            return SignatureColumn(name: item["name"]?.stringValue, type: type, required: item["required"]?.boolValue ?? !optional)
        }
    }

    /// The feature names of an MLflow signature; empty when it describes unnamed tensors, which name no columns.
    package static func featureNames(mlflow text: String) throws -> [String] {
        let columns = try parse(mlflow: text)
        let names = columns.compactMap { $0.type == "tensor" ? nil : $0.name }
        return names.count == columns.count ? names : []
    }
}
