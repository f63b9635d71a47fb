import Errors
import Protobuf
import Serving

/// `tensorflow.TensorProto` (tensorflow/core/framework/tensor.proto): its elements lie in `tensor_content`, or in the field of their kind.
enum TensorProto {
    /// - Throws: `invalid_argument` for a type that no model has and for elements that do not fit the shape.
    static func read(_ reader: inout WireReader, name: String) throws -> Tensor {
        var type = TensorType.fp32
        var isTyped = false
        var shape: [Int] = []
        var content: UnsafeBufferPointer<UInt8>?
        var values = TypedValues()
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (1, .varint):
                let number = try reader.varint()
                guard let known = DataType.type(number) else {
                    throw JidokaError.invalidArgument("input '\(name)' has the data type \(number), which no model here takes")
                }
                type = known
                isTyped = true
            case (2, .bytes): shape = try reader.message { try dimensions(&$0, name) }
            case (4, .bytes): content = try reader.slice()
            default: try values.read(field, &reader)
            }
        }
        guard isTyped else { throw JidokaError.invalidArgument("input '\(name)' has no data type") }
        guard let count = Tensor.count(of: shape) else { throw JidokaError.invalidArgument("input '\(name)' has an impossible shape") }
        guard let content, !content.isEmpty else { return try values.tensor(name: name, type: type, shape: shape, count: count) }
        guard let width = type.width, count.multipliedReportingOverflow(by: width) == (content.count, false) else {
            throw JidokaError.invalidArgument("input '\(name)' of shape \(shape.compact) has \(content.count) bytes of content")
        }
        if type == .fp32 {
            let floats = [Float](unsafeUninitializedCapacity: count) { out, initialized in
                UnsafeMutableRawBufferPointer(out).copyMemory(from: UnsafeRawBufferPointer(content))
                initialized = count
            }
            return Tensor(name: name, shape: shape, floats: floats)
        }
        return Tensor(name: name, type: type, shape: shape, storage: .bytes(Array(content)))
    }

    private static func dimensions(_ reader: inout WireReader, _ name: String) throws -> [Int] {
        var shape: [Int] = []
        while let field = try reader.next() {
            switch (field.number, field.type) {
            case (2, .bytes):
                let size = try reader.message { try firstNumber(&$0) }
                guard (0...Int64(Int32.max)).contains(size) else {
                    throw JidokaError.invalidArgument("input '\(name)' has an impossible shape")
                }
                shape.append(Int(size))
            default: try reader.skip(field)
            }
        }
        return shape
    }

    /// Field 1 of a small message: a dimension's size, a wrapped integer's value.
    static func firstNumber(_ reader: inout WireReader) throws -> Int64 {
        var number: Int64 = 0
        while let field = try reader.next() {
            if field == WireField(1, .varint) { number = Int64(bitPattern: try reader.varint()) } else { try reader.skip(field) }
        }
        return number
    }

    static func write(_ tensor: Tensor, to writer: inout WireWriter) {
        writer.varint(1, DataType.number(tensor.type))
        writer.message(2) { shape in
            for size in tensor.shape { shape.message(2) { if size != 0 { $0.int(1, Int64(size)) } } }
        }
        if case .strings(let elements) = tensor.storage {
            for element in elements { writer.blob(8, element) }
        } else {
            tensor.withUnsafeBytes { raw in writer.blob(4, count: raw.count) { $0.append(contentsOf: raw) } }
        }
    }
}

/// The fields of typed elements. Fewer elements than the shape asks for: the last one stands for the rest, as TensorFlow has it.
private struct TypedValues {
    private var floats: [Float] = []
    private var doubles: [Double] = []
    /// Of `int_val` (32 bits and narrower), `half_val`, `int64_val`, `bool_val`, `uint32_val`, `uint64_val`; by the field's number.
    private var whole: [Int: [UInt64]] = [:]
    private var texts: [[UInt8]] = []

    mutating func read(_ field: WireField, _ reader: inout WireReader) throws {
        switch field.number {
        case 5: try reader.repeated(field, fixed: &floats) { try $0.float() }
        case 6: try reader.repeated(field, fixed: &doubles) { try $0.double() }
        case 7, 10, 11, 13, 16, 17: try reader.repeated(field, into: &whole[field.number, default: []]) { try $0.varint() }
        case 8: texts.append(try reader.blob())
        default: try reader.skip(field)
        }
    }

    func tensor(name: String, type: TensorType, shape: [Int], count: Int) throws -> Tensor {
        func made<Element: BitwiseCopyable>(_ elements: [Element]) throws -> Tensor {
            Tensor(name: name, type: type, shape: shape, elements: try filled(elements, to: count, name))
        }
        func cut<Narrow: FixedWidthInteger & BitwiseCopyable>(_ field: Int, _: Narrow.Type) throws -> Tensor {
            try made((whole[field] ?? []).map { Narrow(truncatingIfNeeded: $0) })
        }
        return switch type {
        case .fp32: Tensor(name: name, shape: shape, floats: try filled(floats, to: count, name))
        case .fp64: try made(doubles)
        case .bytes: Tensor(name: name, type: type, shape: shape, storage: .strings(try filled(texts, to: count, name)))
        case .bool: try made((whole[11] ?? []).map { $0 == 0 ? UInt8(0) : 1 })
        case .int8: try cut(7, Int8.self)
        case .uint8: try cut(7, UInt8.self)
        case .int16: try cut(7, Int16.self)
        case .uint16: try cut(7, UInt16.self)
        case .int32: try cut(7, Int32.self)
        case .int64: try cut(10, Int64.self)
        case .uint32: try cut(16, UInt32.self)
        case .uint64: try cut(17, UInt64.self)
        case .fp16, .bf16: try cut(13, UInt16.self)
        }
    }

    /// A message of a few bytes may not ask for gigabytes: repeating is bounded.
    private static let repeatedMax = 16 << 20

    private func filled<Element>(_ elements: [Element], to count: Int, _ name: String) throws -> [Element] {
        if elements.count == count { return elements }
        guard let last = elements.last, elements.count < count, count <= TypedValues.repeatedMax else {
            throw JidokaError.invalidArgument("input '\(name)' has \(elements.count) elements where its shape asks for \(count)")
        }
        return elements + Array(repeating: last, count: count - elements.count)
    }
}
