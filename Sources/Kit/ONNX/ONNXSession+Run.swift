internal import CONNX
import Errors

/// One answer of a run.
package struct ONNXOutput: Sendable {
    package var name: String
    package var tensor: ONNXTensor
    /// Of an output that is a sequence of maps: the labels of the tensor's columns, integers in decimal.
    package var classLabels: [String]?
}

extension ONNXSession {
    /// Runs the model. The inputs' memory is read where it lies; outputs are copied once. Any number of threads may run one session.
    ///
    /// - Parameter outputs: the names to compute, in this order; nil means all.
    /// Throws `invalid_argument` for a missing, unknown or repeated name, and for a type or shape that the model does not take.
    package func run(inputs given: [(name: String, tensor: ONNXTensor)], outputs wanted: [String]? = nil) throws -> [ONNXOutput] {
        let order = try given.map { try inputIndex($0.name, $0.tensor) }
        guard Set(order).count == order.count else { throw JidokaError.invalidArgument("an input is given twice") }
        if order.count < inputs.count {
            let missing = inputs.indices.filter { !order.contains($0) }.map { "`\(inputs[$0].name)`" }
            throw JidokaError.invalidArgument("the model wants the input \(missing.joined(separator: ", ")) too")
        }
        let chosen = try wanted.map { try $0.map(outputIndex) } ?? Array(outputs.indices)
        let values = OwnedValues()
        defer { values.release() }
        return try withValues(given.map(\.tensor), 0, values) {
            let results = OwnedValues(count: chosen.count)
            defer { results.release() }
            let inputPointers = order.map { inputNames.pointers[$0] }
            let outputPointers = chosen.map { outputNames.pointers[$0] }
            try check(
                ort_Run(
                    handle, nil, inputPointers, values.all, values.all.count, outputPointers, outputPointers.count, &results.all),
                "run the model")
            return try zip(chosen, results.all).map { index, value in try read(value, outputs[index]) }
        }
    }

    private func inputIndex(_ name: String, _ tensor: ONNXTensor) throws -> Int {
        guard let index = inputs.firstIndex(where: { $0.name == name }) else {
            let nearest = nearestName(to: name, among: inputs.map(\.name))
            let known = inputs.map { "`\($0.name)`" }.joined(separator: ", ")
            throw JidokaError.invalidArgument(
                "the model has no input `\(name)`", hint: nearest.map { "did you mean `\($0)`?" } ?? "its inputs are \(known)")
        }
        let info = inputs[index]
        guard info.kind == .tensor else { throw JidokaError.invalidArgument("input `\(name)` is no tensor and cannot be given") }
        guard info.elementType == tensor.elementType else {
            throw JidokaError.invalidArgument("input `\(name)` wants \(info.elementType), and \(tensor.elementType) was given")
        }
        let fits = info.shape.count == tensor.shape.count && zip(info.shape, tensor.shape).allSatisfy { $0 < 0 || $0 == $1 }
        guard fits else {
            throw JidokaError.invalidArgument(
                "input `\(name)` wants the shape \(info.shape), and \(tensor.shape) was given", hint: "-1 stands for any size")
        }
        return index
    }

    private func outputIndex(_ name: String) throws -> Int {
        if let index = outputs.firstIndex(where: { $0.name == name }) { return index }
        let known = outputs.map { "`\($0.name)`" }.joined(separator: ", ")
        throw JidokaError.invalidArgument("the model has no output `\(name)`", hint: "its outputs are \(known)")
    }

    /// Makes values around the tensors' own memory, which must not move until `body` is done: hence the nesting.
    private func withValues<R>(_ tensors: [ONNXTensor], _ index: Int, _ values: OwnedValues, _ body: () throws -> R) throws -> R {
        guard index < tensors.count else { return try body() }
        let tensor = tensors[index]
        if case .strings(let strings) = tensor.elements {
            values.all.append(try stringValue(tensor.shape, strings))
            return try withValues(tensors, index + 1, values, body)
        }
        return try tensor.withBytes { bytes in
            let shape = tensor.shape.map(Int64.init)
            var value: OrtValue?
            // The library only reads inputs; a pointer must be there even for no bytes.
            let start = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 64)
            try check(
                ort_CreateTensorWithDataAsOrtValue(
                    runtime.memory, UnsafeMutableRawPointer(mutating: start), bytes.count, shape, shape.count, tensor.elementType.rawValue,
                    &value), "make an input tensor")
            values.all.append(value)
            return try withValues(tensors, index + 1, values, body)
        }
    }

    private func stringValue(_ shape: [Int], _ strings: [String]) throws -> OrtValue? {
        if let odd = strings.first(where: { $0.utf8.contains(0) }) {
            throw JidokaError.invalidArgument("the text `\(odd.prefix(40))` holds a NUL character, which a model cannot take")
        }
        let shape = shape.map(Int64.init)
        var value: OrtValue?
        try check(
            ort_CreateTensorAsOrtValue(runtime.allocator, shape, shape.count, ONNXElementType.string.rawValue, &value),
            "make an input tensor of strings")
        let texts = CNames(strings)
        do {
            try check(ort_FillStringTensor(value, texts.pointers, strings.count), "fill an input tensor of strings")
        } catch {
            ort_ReleaseValue(value)
            throw error
        }
        withExtendedLifetime(texts) {}
        return value
    }

    private func read(_ value: OrtValue?, _ info: ONNXValueInfo) throws -> ONNXOutput {
        switch info.kind {
        case .tensor: return ONNXOutput(name: info.name, tensor: try readTensor(value))
        case .sequenceOfMaps:
            let (labels, tensor) = try readMaps(value, runtime.allocator, name: info.name)
            return ONNXOutput(name: info.name, tensor: tensor, classLabels: labels)
        case .unsupported:
            throw JidokaError(
                .failedPrecondition, "output `\(info.name)` is neither a tensor nor a sequence of maps",
                hint: "export the model with tensor outputs, or ask for the other outputs only")
        }
    }
}

/// Values of the library, released together.
final class OwnedValues {
    var all: [OrtValue?]

    init(count: Int = 0) { all = Array(repeating: nil, count: count) }

    func release() {
        for value in all { ort_ReleaseValue(value) }
        all = []
    }
}
