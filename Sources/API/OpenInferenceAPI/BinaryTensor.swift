import Errors
import Serving

extension Tensor {
    /// A tensor from its binary form: little-endian elements without padding, or for BYTES a 32-bit length before each element.
    /// - Throws: `invalid_argument` when the bytes are not what the shape asks for.
    init(name: String, type: TensorType, shape: [Int], blob: ArraySlice<UInt8>) throws {
        self = try blob.withUnsafeBytes { try Tensor(name: name, type: type, shape: shape, blob: $0) }
    }

    /// The same from bytes where they lie; copied once.
    init(name: String, type: TensorType, shape: [Int], blob: UnsafeRawBufferPointer) throws {
        guard let count = Tensor.count(of: shape) else { throw JidokaError.invalidArgument("input '\(name)' has an impossible shape") }
        guard let width = type.width else {
            self.init(name: name, type: type, shape: shape, storage: .strings(try Tensor.elements(blob, count: count, name: name)))
            return
        }
        guard count.multipliedReportingOverflow(by: width) == (blob.count, false) else {
            throw JidokaError.invalidArgument(
                "input '\(name)' of shape \(shape.compact) and datatype '\(type.rawValue)' has \(blob.count) bytes")
        }
        if type == .fp32 {
            let floats = [Float](unsafeUninitializedCapacity: count) { out, initialized in
                UnsafeMutableRawBufferPointer(out).copyMemory(from: blob)
                initialized = count
            }
            self.init(name: name, shape: shape, floats: floats)
        } else {
            self.init(name: name, type: type, shape: shape, storage: .bytes(Array(blob)))
        }
    }

    private static func elements(_ blob: UnsafeRawBufferPointer, count: Int, name: String) throws -> [[UInt8]] {
        var elements: [[UInt8]] = []
        var at = 0
        while at < blob.count {
            guard blob.count - at >= 4, elements.count < count else { throw wrongCount(name, count) }
            let length = Int(UInt32(littleEndian: blob.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
            at += 4
            guard length <= blob.count - at else { throw wrongCount(name, count) }
            elements.append(Array(blob[at..<at + length]))
            at += length
        }
        guard elements.count == count else { throw wrongCount(name, count) }
        return elements
    }

    private static func wrongCount(_ name: String, _ count: Int) -> JidokaError {
        .invalidArgument(
            "input '\(name)' does not have \(count) elements in its binary data", hint: "each element is a 32-bit length and its bytes")
    }

    /// Bytes of the binary form.
    var blobSize: Int {
        if case .strings(let elements) = storage { return elements.reduce(0) { $0 + 4 + $1.count } }
        return storedCount * (type.width ?? 0)
    }

    /// Appends the binary form.
    func appendBlob(to out: inout [UInt8]) {
        if case .strings(let elements) = storage {
            for element in elements {
                Swift.withUnsafeBytes(of: UInt32(element.count).littleEndian) { out.append(contentsOf: $0) }
                out.append(contentsOf: element)
            }
        } else {
            self.withUnsafeBytes { out.append(contentsOf: $0) }
        }
    }
}
