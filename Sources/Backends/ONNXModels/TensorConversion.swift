import Errors
import ONNX
import Serving

extension TensorType {
    init(_ type: ONNXElementType) {
        self =
            switch type {
            case .float32: .fp32
            case .float64: .fp64
            case .float16: .fp16
            case .bfloat16: .bf16
            case .int8: .int8
            case .int16: .int16
            case .int32: .int32
            case .int64: .int64
            case .uint8: .uint8
            case .uint16: .uint16
            case .uint32: .uint32
            case .uint64: .uint64
            case .bool: .bool
            case .string: .bytes
            }
    }
}

extension ONNXElementType {
    init(_ type: TensorType) {
        self =
            switch type {
            case .fp32: .float32
            case .fp64: .float64
            case .fp16: .float16
            case .bf16: .bfloat16
            case .int8: .int8
            case .int16: .int16
            case .int32: .int32
            case .int64: .int64
            case .uint8: .uint8
            case .uint16: .uint16
            case .uint32: .uint32
            case .uint64: .uint64
            case .bool: .bool
            case .bytes: .string
            }
    }
}

extension ONNXTensor {
    /// The same elements; fixed-width ones are shared, not copied.
    /// - Throws: `invalid_argument` for texts that are not UTF-8.
    init(_ tensor: Tensor) throws {
        switch tensor.storage {
        case .floats(let floats): try self.init(shape: tensor.shape, floats: floats)
        case .bytes(let bytes): try self.init(ONNXElementType(tensor.type), shape: tensor.shape, bytes: bytes)
        case .strings(let elements):
            let strings = try elements.map { element in
                guard let text = String(validating: element, as: UTF8.self) else {
                    throw JidokaError.invalidArgument("input '\(tensor.name)' has an element that is not valid UTF-8")
                }
                return text
            }
            try self.init(shape: tensor.shape, strings: strings)
        }
    }
}

extension Tensor {
    init(_ tensor: ONNXTensor, name: String) {
        let storage: Storage =
            switch tensor.elements {
            case .floats(let floats): .floats(floats)
            case .bytes(let bytes): .bytes(bytes)
            case .strings(let strings): .strings(strings.map { Array($0.utf8) })
            }
        self.init(name: name, type: TensorType(tensor.elementType), shape: tensor.shape, storage: storage)
    }
}
