internal import CONNX
import Errors
internal import Glibc

/// Copies a tensor out of the library.
func readTensor(_ value: OrtValue?) throws -> ONNXTensor {
    var info: OrtTensorInfo?
    try check(ort_GetTensorTypeAndShape(value, &info), "read an output tensor")
    defer { ort_ReleaseTensorTypeAndShapeInfo(info) }
    guard let (type, shape) = try elementTypeAndShape(info) else {
        throw JidokaError.failedPrecondition("an output has an element type that is not supported")
    }
    let count = try ONNXTensor.elementCount(shape)
    if type == .string { return try ONNXTensor(shape: shape, strings: try readStrings(value, count)) }
    var data: UnsafeMutableRawPointer?
    try check(ort_GetTensorMutableData(value, &data), "read an output tensor")
    let bytes = UnsafeRawBufferPointer(start: count == 0 ? nil : data, count: count * type.byteCount)
    if type == .float32 { return try ONNXTensor(shape: shape, floats: copy(bytes, Float.self)) }
    return try ONNXTensor(type, shape: shape, bytes: copy(bytes, UInt8.self))
}

/// All strings of a tensor: one call for the bytes, one for where each begins.
func readStrings(_ value: OrtValue?, _ count: Int) throws -> [String] {
    guard count > 0 else { return [] }
    var length = 0
    try check(ort_GetStringTensorDataLength(value, &length), "read a tensor of strings")
    var bytes = [UInt8](repeating: 0, count: length)
    var starts = [Int](repeating: 0, count: count)
    try check(ort_GetStringTensorContent(value, &bytes, length, &starts, count), "read a tensor of strings")
    return starts.indices.map { index in
        let end = index + 1 < count ? starts[index + 1] : length
        return String(decoding: bytes[starts[index]..<end], as: UTF8.self)
    }
}

/// A sequence of maps from label to probability as labels and a tensor `[N, C]`. Every map must have the same labels.
func readMaps(_ value: OrtValue?, _ allocator: OrtAllocator?, name: String) throws -> ([String], ONNXTensor) {
    var rows = 0
    try check(ort_GetValueCount(value, &rows), "read the maps of `\(name)`")
    var first: ONNXTensor?
    var probabilities: [Float] = []
    for row in 0..<rows {
        let owned = OwnedValues(count: 3)
        defer { owned.release() }
        try check(ort_GetValue(value, Int32(row), allocator, &owned.all[0]), "read a map of `\(name)`")
        try check(ort_GetValue(owned.all[0], 0, allocator, &owned.all[1]), "read the labels of `\(name)`")
        try check(ort_GetValue(owned.all[0], 1, allocator, &owned.all[2]), "read the probabilities of `\(name)`")
        let keys = try readTensor(owned.all[1])
        if let first, !sameElements(first, keys) {
            throw JidokaError.failedPrecondition(
                "the maps of output `\(name)` have different labels in rows 0 and \(row)", hint: "export the model with zipmap off")
        }
        if first == nil {
            first = keys
            probabilities.reserveCapacity(rows * keys.count)
        }
        let values = try readTensor(owned.all[2])
        if case .floats(let floats) = values.elements {
            probabilities += floats
        } else {
            probabilities += try values.doubles().map(Float.init)
        }
    }
    let labels = try first.map { $0.elementType == .string ? try $0.strings() : try $0.values(Int64.self).map(String.init) } ?? []
    return (labels, try ONNXTensor(shape: [rows, labels.count], floats: probabilities))
}

private func sameElements(_ a: ONNXTensor, _ b: ONNXTensor) -> Bool {
    if case .strings(let left) = a.elements, case .strings(let right) = b.elements { return left == right }
    return a.withBytes { left in b.withBytes { right in left.elementsEqual(right) } }
}

private func copy<T>(_ bytes: UnsafeRawBufferPointer, _ type: T.Type) -> [T] {
    [T](unsafeUninitializedCapacity: bytes.count / MemoryLayout<T>.stride) { buffer, count in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
        count = bytes.count / MemoryLayout<T>.stride
    }
}
