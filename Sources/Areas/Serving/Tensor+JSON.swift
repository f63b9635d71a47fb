import JSON

extension Tensor {
    /// Appends one element as JSON. Whole floats keep `.0`; NaN and the infinities are the bare words that Python and
    /// TensorFlow-Serving use.
    package func appendJSON(element index: Int, to out: inout [UInt8]) {
        switch storage {
        case .floats(let elements): Tensor.append(elements[index], to: &out)
        case .strings(let elements): out.append(contentsOf: JSONValue.string(String(decoding: elements[index], as: UTF8.self)).serialized)
        case .bytes(let bytes): bytes.withUnsafeBytes { appendJSON($0, index..<index + 1, to: &out) }
        }
    }

    /// Appends a range of elements, separated by commas.
    package func appendJSON(elements range: Range<Int>, to out: inout [UInt8]) {
        switch storage {
        case .floats(let elements):
            for index in range {
                if index > range.lowerBound { out.append(0x2C) }
                Tensor.append(elements[index], to: &out)
            }
        case .strings:
            for index in range {
                if index > range.lowerBound { out.append(0x2C) }
                appendJSON(element: index, to: &out)
            }
        case .bytes(let bytes): bytes.withUnsafeBytes { appendJSON($0, range, to: &out) }
        }
    }

    private func appendJSON(_ raw: UnsafeRawBufferPointer, _ range: Range<Int>, to out: inout [UInt8]) {
        func each<Element: BitwiseCopyable>(_: Element.Type, _ write: (Element) -> Void) {
            for index in range {
                if index > range.lowerBound { out.append(0x2C) }
                write(raw.loadUnaligned(fromByteOffset: index * MemoryLayout<Element>.size, as: Element.self))
            }
        }
        func integers<I: FixedWidthInteger & BitwiseCopyable>(_: I.Type) { each(I.self) { out.append(contentsOf: String($0).utf8) } }
        switch type {
        case .bool: each(UInt8.self) { out.append(contentsOf: ($0 == 0 ? "false" : "true").utf8) }
        case .uint8: integers(UInt8.self)
        case .uint16: integers(UInt16.self)
        case .uint32: integers(UInt32.self)
        case .uint64: integers(UInt64.self)
        case .int8: integers(Int8.self)
        case .int16: integers(Int16.self)
        case .int32: integers(Int32.self)
        case .int64: integers(Int64.self)
        case .fp16: each(UInt16.self) { Tensor.append(Tensor.half($0), to: &out) }
        case .bf16: each(UInt16.self) { Tensor.append(Float(bitPattern: UInt32($0) << 16), to: &out) }
        case .fp32: each(Float.self) { Tensor.append($0, to: &out) }
        case .fp64: each(Double.self) { Tensor.append($0, to: &out) }
        case .bytes: break
        }
    }

    /// The shortest text that reads back as the same value.
    private static func append<F: BinaryFloatingPoint & CustomStringConvertible>(_ value: F, to out: inout [UInt8]) {
        if value.isFinite {
            out.append(contentsOf: value.description.utf8)
        } else {
            out.append(contentsOf: (value.isNaN ? "NaN" : value > 0 ? "Infinity" : "-Infinity").utf8)
        }
    }
}
