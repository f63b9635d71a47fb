/// The element types of Open Inference v2, by their names on the wire.
package enum TensorType: String, Sendable, CaseIterable {
    case bool = "BOOL"
    case uint8 = "UINT8"
    case uint16 = "UINT16"
    case uint32 = "UINT32"
    case uint64 = "UINT64"
    case int8 = "INT8"
    case int16 = "INT16"
    case int32 = "INT32"
    case int64 = "INT64"
    case fp16 = "FP16"
    case fp32 = "FP32"
    case fp64 = "FP64"
    case bf16 = "BF16"
    case bytes = "BYTES"

    /// Bytes an element; nil for BYTES, whose elements differ in length.
    package var width: Int? {
        switch self {
        case .bool, .uint8, .int8: 1
        case .uint16, .int16, .fp16, .bf16: 2
        case .uint32, .int32, .fp32: 4
        case .uint64, .int64, .fp64: 8
        case .bytes: nil
        }
    }
}

/// A named tensor, row-major. Its elements are little-endian and contiguous.
package struct Tensor: Sendable {
    package var name: String
    package var type: TensorType
    /// The first dimension is the batch: one row a prediction.
    package var shape: [Int]
    package var storage: Storage

    package enum Storage: Sendable {
        /// FP32 without a detour through bytes: the hot path.
        case floats([Float])
        /// Every other fixed-width type, and FP32 that came as bytes.
        case bytes([UInt8])
        /// BYTES: any bytes, usually UTF-8.
        case strings([[UInt8]])
    }

    package init(name: String, type: TensorType, shape: [Int], storage: Storage) {
        self.name = name
        self.type = type
        self.shape = shape
        self.storage = storage
    }

    /// An FP32 tensor.
    package init(name: String, shape: [Int], floats: [Float]) {
        self.init(name: name, type: .fp32, shape: shape, storage: .floats(floats))
    }

    /// A tensor of any fixed-width type from numbers of exactly that type.
    package init<Element: BitwiseCopyable>(name: String, type: TensorType, shape: [Int], elements: [Element]) {
        precondition(type.width == MemoryLayout<Element>.size, "the element is not as wide as \(type.rawValue)")
        self.init(name: name, type: type, shape: shape, storage: .bytes(elements.withUnsafeBytes { Array($0) }))
    }

    package init(name: String, shape: [Int], strings: [String]) {
        self.init(name: name, type: .bytes, shape: shape, storage: .strings(strings.map { Array($0.utf8) }))
    }

    /// Elements that the shape asks for; nil when a dimension is negative or the product overflows.
    package static func count(of shape: [Int]) -> Int? {
        var count = 1
        for size in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            if size < 0 || overflow { return nil }
            count = product
        }
        return count
    }

    /// Elements that are stored.
    package var storedCount: Int {
        switch storage {
        case .floats(let elements): elements.count
        case .bytes(let bytes): type.width.map { bytes.count / $0 } ?? 0
        case .strings(let elements): elements.count
        }
    }

    /// The size of the first dimension; a scalar is one row.
    package var rows: Int { shape.first ?? 1 }

    /// The elements of a fixed-width tensor as bytes, without a copy; nil for BYTES.
    package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result? {
        switch storage {
        case .floats(let elements): try elements.withUnsafeBytes(body)
        case .bytes(let bytes): try bytes.withUnsafeBytes(body)
        case .strings: nil
        }
    }

    /// One element as a number; nil for BYTES. Integers beyond 2^53 lose their low bits.
    package func number(at index: Int) -> Double? {
        if case .floats(let elements) = storage { return Double(elements[index]) }
        return withUnsafeBytes { raw in
            func load<T: BitwiseCopyable>(_: T.Type) -> T { raw.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self) }
            return switch type {
            case .bool: load(UInt8.self) == 0 ? 0 : 1
            case .uint8: Double(load(UInt8.self))
            case .uint16: Double(load(UInt16.self))
            case .uint32: Double(load(UInt32.self))
            case .uint64: Double(load(UInt64.self))
            case .int8: Double(load(Int8.self))
            case .int16: Double(load(Int16.self))
            case .int32: Double(load(Int32.self))
            case .int64: Double(load(Int64.self))
            case .fp16: Double(Tensor.half(load(UInt16.self)))
            case .bf16: Double(Float(bitPattern: UInt32(load(UInt16.self)) << 16))
            case .fp32: Double(load(Float.self))
            case .fp64: load(Double.self)
            case .bytes: .nan
            }
        }
    }

    /// One element of a BYTES tensor as text; bytes that are not UTF-8 are repaired.
    package func text(at index: Int) -> String? {
        if case .strings(let elements) = storage { String(decoding: elements[index], as: UTF8.self) } else { nil }
    }

    /// IEEE 754 binary16; written out because `Float16` is missing on some platforms.
    package static func half(_ bits: UInt16) -> Float {
        let sign: Float = bits & 0x8000 == 0 ? 1 : -1
        let exponent = Int(bits >> 10) & 0x1F
        let fraction = Float(bits & 0x3FF)
        if exponent == 0 { return sign * fraction * 0x1p-24 }
        if exponent == 31 { return fraction == 0 ? sign * .infinity : .nan }
        return sign * (1 + fraction * 0x1p-10) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    }
}

extension Tensor: Equatable {
    /// Same name, type, shape and element bytes (so NaN equals the same NaN), however they are stored.
    package static func == (a: Tensor, b: Tensor) -> Bool {
        guard a.name == b.name, a.type == b.type, a.shape == b.shape else { return false }
        if case .strings(let left) = a.storage, case .strings(let right) = b.storage { return left == right }
        return a.withUnsafeBytes { left in b.withUnsafeBytes { right in left.elementsEqual(right) } ?? false } ?? false
    }
}
