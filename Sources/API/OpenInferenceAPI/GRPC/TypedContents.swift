import Errors
import Protobuf
import Serving

/// `InferTensorContents`: elements in a field of their kind. Narrow integers come in the field of 32 bits; FP16 and BF16 have none.
struct TypedContents {
    private var bools: [UInt8] = []
    private var ints: [Int32] = []
    private var longs: [Int64] = []
    private var unsignedInts: [UInt32] = []
    private var unsignedLongs: [UInt64] = []
    private var floats: [Float] = []
    private var doubles: [Double] = []
    private var texts: [[UInt8]] = []

    init() {}

    init(_ reader: inout WireReader) throws {
        while let field = try reader.next() {
            switch field.number {
            case 1: try reader.repeated(field, into: &bools) { try $0.varint() == 0 ? 0 : 1 }
            case 2: try reader.repeated(field, into: &ints) { Int32(truncatingIfNeeded: try $0.varint()) }
            case 3: try reader.repeated(field, into: &longs) { Int64(bitPattern: try $0.varint()) }
            case 4: try reader.repeated(field, into: &unsignedInts) { UInt32(truncatingIfNeeded: try $0.varint()) }
            case 5: try reader.repeated(field, into: &unsignedLongs) { try $0.varint() }
            case 6: try reader.repeated(field, fixed: &floats) { try $0.float() }
            case 7: try reader.repeated(field, fixed: &doubles) { try $0.double() }
            case 8: texts.append(try reader.blob())
            default: try reader.skip(field)
            }
        }
    }

    /// - Throws: `invalid_argument` when the elements lie in another field than the datatype's, are not as many as the shape asks for, or
    ///   do not fit the datatype.
    func tensor(named name: String, type: TensorType, shape: [Int]) throws -> Tensor {
        let tensor: Tensor
        switch type {
        case .bool: tensor = Tensor(name: name, type: type, shape: shape, storage: .bytes(bools))
        case .int8: tensor = Tensor(name: name, type: type, shape: shape, elements: try narrow(ints, to: Int8.self, name))
        case .int16: tensor = Tensor(name: name, type: type, shape: shape, elements: try narrow(ints, to: Int16.self, name))
        case .int32: tensor = Tensor(name: name, type: type, shape: shape, elements: ints)
        case .int64: tensor = Tensor(name: name, type: type, shape: shape, elements: longs)
        case .uint8: tensor = Tensor(name: name, type: type, shape: shape, elements: try narrow(unsignedInts, to: UInt8.self, name))
        case .uint16: tensor = Tensor(name: name, type: type, shape: shape, elements: try narrow(unsignedInts, to: UInt16.self, name))
        case .uint32: tensor = Tensor(name: name, type: type, shape: shape, elements: unsignedInts)
        case .uint64: tensor = Tensor(name: name, type: type, shape: shape, elements: unsignedLongs)
        case .fp32: tensor = Tensor(name: name, shape: shape, floats: floats)
        case .fp64: tensor = Tensor(name: name, type: type, shape: shape, elements: doubles)
        case .bytes: tensor = Tensor(name: name, type: type, shape: shape, storage: .strings(texts))
        case .fp16, .bf16:
            throw JidokaError.invalidArgument("input '\(name)' of datatype '\(type.rawValue)' must use raw_input_contents")
        }
        guard Tensor.count(of: shape) == tensor.storedCount else {
            throw JidokaError.invalidArgument(
                "input '\(name)' of shape \(shape.compact) has \(tensor.storedCount) elements of '\(type.rawValue)' in its contents")
        }
        return tensor
    }

    private func narrow<Wide: BinaryInteger, Narrow: FixedWidthInteger>(
        _ values: [Wide], to: Narrow.Type, _ name: String
    ) throws -> [Narrow] {
        try values.map { value in
            guard let fitting = Narrow(exactly: value) else {
                throw JidokaError.invalidArgument("input '\(name)' has the element \(value), which does not fit its datatype")
            }
            return fitting
        }
    }
}
