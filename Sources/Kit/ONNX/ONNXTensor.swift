import Errors

/// A dense tensor in row-major order.
package struct ONNXTensor: Sendable {
    /// The elements. `floats` is the same as `bytes` for float32, without a copy for those who hold `[Float]`.
    package enum Elements: Sendable {
        /// In the machine's (little-endian) order.
        case bytes([UInt8])
        case floats([Float])
        case strings([String])
    }

    package let elementType: ONNXElementType
    package let shape: [Int]
    package let elements: Elements

    /// Throws `invalid_argument` where the number of bytes is not what type and shape ask for.
    package init(_ elementType: ONNXElementType, shape: [Int], bytes: [UInt8]) throws {
        let count = try ONNXTensor.elementCount(shape)
        guard elementType != .string else { throw JidokaError.invalidArgument("a tensor of strings cannot be made from bytes") }
        let (wanted, overflow) = count.multipliedReportingOverflow(by: elementType.byteCount)
        guard !overflow, bytes.count == wanted else {
            throw JidokaError.invalidArgument(
                "a \(elementType) tensor of shape \(shape) has \(wanted) bytes, and \(bytes.count) were given")
        }
        self.elementType = elementType
        self.shape = shape
        elements = .bytes(bytes)
    }

    package init(shape: [Int], floats: [Float]) throws {
        try ONNXTensor.check(shape, floats.count)
        elementType = .float32
        self.shape = shape
        elements = .floats(floats)
    }

    package init(shape: [Int], strings: [String]) throws {
        try ONNXTensor.check(shape, strings.count)
        elementType = .string
        self.shape = shape
        elements = .strings(strings)
    }

    /// Numbers or booleans of the type that `T` is, as Int64 for int64. Throws `invalid_argument` where `T`'s size is not the type's.
    package init<T: BitwiseCopyable>(_ elementType: ONNXElementType, shape: [Int], values: [T]) throws {
        try ONNXTensor.check(shape, values.count)
        guard MemoryLayout<T>.size == elementType.byteCount else {
            throw JidokaError.invalidArgument("\(T.self) is not the element of a \(elementType) tensor")
        }
        try self.init(elementType, shape: shape, bytes: values.withUnsafeBytes(Array.init))
    }

    /// The product of the dimensions; 1 for none. Throws `invalid_argument` for a negative one and for an overflow.
    package static func elementCount(_ shape: [Int]) throws -> Int {
        try shape.reduce(1) { count, dimension in
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else { throw JidokaError.invalidArgument("\(shape) is not the shape of a tensor") }
            return product
        }
    }

    private static func check(_ shape: [Int], _ count: Int) throws {
        let wanted = try elementCount(shape)
        guard count == wanted else {
            throw JidokaError.invalidArgument("a tensor of shape \(shape) has \(wanted) elements, and \(count) were given")
        }
    }

    package var count: Int {
        switch elements {
        case .bytes(let bytes): bytes.count / max(1, elementType.byteCount)
        case .floats(let floats): floats.count
        case .strings(let strings): strings.count
        }
    }

    /// The elements' bytes where they lie; empty for strings.
    package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        switch elements {
        case .bytes(let bytes): try bytes.withUnsafeBytes(body)
        case .floats(let floats): try floats.withUnsafeBytes(body)
        case .strings: try body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }

    /// The elements as values of type `T`, copied once. Throws `invalid_argument` where `T`'s size is not the type's.
    package func values<T: BitwiseCopyable>(_ type: T.Type = T.self) throws -> [T] {
        guard MemoryLayout<T>.size == elementType.byteCount else {
            throw JidokaError.invalidArgument("a \(elementType) tensor does not hold \(T.self)")
        }
        if case .floats(let floats) = elements, let same = floats as? [T] { return same }
        return withBytes { bytes in
            [T](unsafeUninitializedCapacity: count) { buffer, initialized in
                UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
                initialized = bytes.count / MemoryLayout<T>.size
            }
        }
    }

    /// The elements of a tensor of strings. Throws `invalid_argument` for others.
    package func strings() throws -> [String] {
        guard case .strings(let strings) = elements else { throw JidokaError.invalidArgument("a \(elementType) tensor holds no strings") }
        return strings
    }

    /// The elements as numbers, booleans as 0 and 1. Throws `invalid_argument` for strings and for bfloat16.
    package func doubles() throws -> [Double] {
        switch elementType {
        case .float32: return try values(Float.self).map(Double.init)
        case .float64: return try values(Double.self)
        case .uint8, .bool: return try values(UInt8.self).map(Double.init)
        case .int8: return try values(Int8.self).map(Double.init)
        case .uint16: return try values(UInt16.self).map(Double.init)
        case .int16: return try values(Int16.self).map(Double.init)
        case .uint32: return try values(UInt32.self).map(Double.init)
        case .int32: return try values(Int32.self).map(Double.init)
        case .uint64: return try values(UInt64.self).map(Double.init)
        case .int64: return try values(Int64.self).map(Double.init)
        case .float16: return try values(Float16.self).map(Double.init)
        case .string, .bfloat16: throw JidokaError.invalidArgument("a \(elementType) tensor holds no numbers that can be read")
        }
    }
}
