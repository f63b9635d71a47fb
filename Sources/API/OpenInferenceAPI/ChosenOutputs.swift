import Errors
import Serving

/// The outputs that were asked for, in the order in which they were, whether each goes as binary, and where it goes.
func chosen(
    _ answer: InferenceAnswer, _ request: InferRequest
) throws -> [(tensor: Tensor, binary: Bool, place: SharedPlace?)] {
    guard let wanted = request.outputs else { return answer.outputs.tensors.map { ($0, request.binaryOutputs, nil) } }
    return try wanted.map { output in
        guard let tensor = answer.outputs[output.name] else { throw unknownOutput(output.name, answer.signature) }
        let binary = output.binary ?? request.binaryOutputs
        guard let k = output.topClasses else { return (tensor, binary, output.place) }
        return (try topClasses(k, of: tensor, labels: answer.signature.classLabels), binary, output.place)
    }
}

func unknownOutput(_ name: String, _ signature: ModelSignature) -> JidokaError {
    .invalidArgument(
        "unexpected inference output '\(name)'", hint: "the model gives " + signature.outputs.map { "`\($0.name)`" }.joined(separator: ", ")
    )
}

/// The classification extension: the K largest elements of each row as `value:index` or `value:index:label`.
private func topClasses(_ k: Int, of tensor: Tensor, labels: [String]?) throws -> Tensor {
    guard k > 0, tensor.type != .bytes, tensor.rows > 0 else {
        throw JidokaError.invalidArgument(
            "output '\(tensor.name)' cannot be classified", hint: "`classification` is a number above 0, for numbers")
    }
    let width = tensor.storedCount / tensor.rows
    var texts: [String] = []
    for row in 0..<tensor.rows {
        let scores = (0..<width).map { tensor.number(at: row * width + $0) ?? .nan }
        let best = (0..<width).sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }.prefix(k)
        for index in best {
            var text: [UInt8] = []
            tensor.appendJSON(element: row * width + index, to: &text)
            let label = labels.flatMap { $0.count == width ? ":" + $0[index] : nil } ?? ""
            texts.append("\(String(decoding: text, as: UTF8.self)):\(index)\(label)")
        }
    }
    return Tensor(name: tensor.name, shape: [tensor.rows, min(k, width)], strings: texts)
}
