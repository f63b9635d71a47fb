import Errors
import JSON
import Monitoring
import Serving

/// MLflow's `input_example.json` and `serving_input_example.json`: what a model was shown when it was logged.
///
/// Read are `{"columns": […], "data": [[…]]}` (a data frame in split form, also below `dataframe_split`), `{"inputs": …}` and
/// `{"instances": …}`, a bare list (an array), and an object of lists by the names of the inputs.
struct InputExample {
    private let document: JSONDocument
    private let json: JSONCursor

    /// - Throws: `invalid_argument` for what is no JSON.
    init(_ bytes: [UInt8]) throws {
        document = try JSONDocument(bytes)
        json = document.root["dataframe_split"] ?? document.root
    }

    /// The example as the model's inputs. - Throws: `invalid_argument` when it does not fit them.
    func batch(for signature: ModelSignature) throws -> TensorBatch {
        if json["data"] != nil, json["columns"] != nil {
            return try FeatureTensors.batch(columns(signature), rows: 0..<rows, for: signature)
        }
        let inputs = json["inputs"] ?? json["instances"] ?? json
        var tensors: [Tensor] = []
        if inputs.kind == .object {
            for spec in signature.inputs {
                guard let values = inputs[spec.name] else {
                    throw JidokaError.invalidArgument("the input example has no `\(spec.name)`")
                }
                tensors.append(try Tensor(name: spec.name, type: spec.type, shape: nil, json: values, reading: .converted))
            }
        } else {
            guard inputs.kind == .array, let spec = signature.inputs.first, signature.inputs.count == 1 else {
                throw JidokaError.invalidArgument("the input example is no table and names no inputs")
            }
            tensors.append(try Tensor(name: spec.name, type: spec.type, shape: nil, json: inputs, reading: .converted))
        }
        return try signature.arranged(tensors, model: "candidate")
    }

    private var rows: Int { json["data"]?.count ?? 0 }

    /// The columns in the order of the signature: by name when the example has all names, else by place.
    private func columns(_ signature: ModelSignature) throws -> [FeatureColumn] {
        let names = (json["columns"]?.elements ?? []).map { $0.string ?? $0.value.text }
        let lines = (json["data"]?.elements ?? []).map(\.elements)
        guard !lines.isEmpty, lines.allSatisfy({ $0.count == names.count }) else {
            throw JidokaError.invalidArgument("the rows of the input example do not have \(names.count) cells each")
        }
        let wanted = signature.featureNames
        var places: [Int] = []
        for name in wanted { if let place = names.firstIndex(of: name) { places.append(place) } }
        if places.count != wanted.count { places = Array(names.indices) }
        guard places.count == wanted.count else {
            throw JidokaError.invalidArgument("the input example has \(names.count) columns, the model takes \(wanted.count)")
        }
        return places.map { place in
            let cells = lines.map { $0[place] }
            if cells.contains(where: { $0.string != nil }) { return .texts(cells.map { $0.isNull ? nil : $0.string ?? $0.value.text }) }
            return .numbers(cells.map { $0.double ?? $0.bool.map { $0 ? 1 : 0 } ?? .nan })
        }
    }
}
