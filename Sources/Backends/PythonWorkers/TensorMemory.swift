import Errors
import JSON
import Serving

/// Tensors as they lie in the memory that is shared with a process: elements one after the other, little-endian; BYTES elements have their
/// length (4 bytes) before them, as in Open Inference's binary extension.
enum TensorMemory {
    static func aligned(_ offset: Int) -> Int { (offset + 63) & ~63 }

    static func size(_ tensor: Tensor) -> Int {
        if case .strings(let elements) = tensor.storage { return elements.reduce(0) { $0 + 4 + $1.count } }
        return tensor.storedCount * (tensor.type.width ?? 0)
    }

    static func put(_ tensor: Tensor, at offset: Int, in memory: UnsafeMutableRawBufferPointer) {
        var at = offset
        func add(_ bytes: UnsafeRawBufferPointer) {
            UnsafeMutableRawBufferPointer(rebasing: memory[at..<at + bytes.count]).copyMemory(from: bytes)
            at += bytes.count
        }
        if case .strings(let elements) = tensor.storage {
            for element in elements {
                withUnsafeBytes(of: UInt32(element.count).littleEndian, add)
                element.withUnsafeBytes(add)
            }
        } else {
            _ = tensor.withUnsafeBytes(add)
        }
    }

    static func describe(_ tensor: Tensor, offset: Int, size: Int, to json: inout JSONWriter) {
        json.beginArray()
        json.value(tensor.name)
        json.value(tensor.type.rawValue)
        json.beginArray()
        for length in tensor.shape { json.value(length) }
        json.endArray()
        json.value(offset)
        json.value(size)
        json.endArray()
    }

    /// - Throws: `internal` when the bytes are not those of such a tensor.
    static func take(_ name: String, _ type: TensorType, _ shape: [Int], _ bytes: UnsafeRawBufferPointer) throws -> Tensor {
        guard let count = Tensor.count(of: shape) else { throw wrong(name) }
        guard let width = type.width else {
            var elements: [[UInt8]] = []
            var at = 0
            while at + 4 <= bytes.count {
                let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
                guard at + 4 + length <= bytes.count else { throw wrong(name) }
                elements.append(Array(bytes[at + 4..<at + 4 + length]))
                at += 4 + length
            }
            guard elements.count == count, at == bytes.count else { throw wrong(name) }
            return Tensor(name: name, type: type, shape: shape, storage: .strings(elements))
        }
        let (size, overflow) = count.multipliedReportingOverflow(by: width)
        guard !overflow, size == bytes.count else { throw wrong(name) }
        return Tensor(name: name, type: type, shape: shape, storage: .bytes(Array(bytes)))
    }

    private static func wrong(_ name: String) -> JidokaError {
        .internal("the model's process answered tensor `\(name)` with bytes that do not fit its shape")
    }
}
