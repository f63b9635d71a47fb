import Errors
import Serving
import Testing

@testable import PythonWorkers

@Suite struct TensorMemoryTests {
    private func roundTrip(_ tensor: Tensor) throws -> Tensor {
        var bytes = [UInt8](repeating: 0xEE, count: TensorMemory.size(tensor) + 8)
        let size = TensorMemory.size(tensor)
        bytes.withUnsafeMutableBytes { TensorMemory.put(tensor, at: 4, in: $0) }
        return try bytes.withUnsafeBytes {
            try TensorMemory.take(tensor.name, tensor.type, tensor.shape, UnsafeRawBufferPointer(rebasing: $0[4..<4 + size]))
        }
    }

    @Test func `tensors come back as they were`() throws {
        let tensors = [
            Tensor(name: "f", shape: [2, 2], floats: [1, -2, .infinity, 4]),
            Tensor(name: "i", type: .int64, shape: [3], elements: [Int64.min, 0, 7]),
            Tensor(name: "s", shape: [2], strings: ["", "grün\u{0}x"]),
            Tensor(name: "e", type: .fp64, shape: [0, 4], elements: [Double]()),
        ]
        for tensor in tensors { #expect(try roundTrip(tensor) == tensor) }
    }

    @Test(arguments: [([2], 3), ([1], 0), ([-1], 4), ([1], 4_000_000_000)]) func `bytes that do not fit are an error`(
        shape: [Int], length: Int
    ) {
        let texts = withUnsafeBytes(of: UInt32(clamping: length).littleEndian) { Array($0) } + [1, 2, 3, 4, 5]
        for type in [TensorType.bytes, .fp64] {
            #expect(throws: JidokaError.self) {
                _ = try texts.withUnsafeBytes { try TensorMemory.take("x", type, shape, $0) }
            }
        }
    }
}
