import Errors
package import JSON

extension Tensor {
    /// How strictly JSON numbers become elements.
    package enum JSONReading: Sendable {
        /// Open Inference: an element must be a value of the datatype exactly.
        case exact
        /// TensorFlow-Serving: JSON has one kind of number, so it is converted: to a float, or to an integer when it is whole.
        case converted
    }

    /// A tensor from JSON: flat or nested lists, row-major.
    /// - Throws: `invalid_argument` for elements that are not of the type or not as many as the shape asks for.
    package init(name: String, type: TensorType, shape: [Int], json: JSONValue, reading: JSONReading = .exact) throws {
        guard let count = Tensor.count(of: shape) else {
            throw JidokaError.invalidArgument("input '\(name)' has an impossible shape \(shape.compact)")
        }
        var reader = ElementReader(name: name, type: type, expected: count)
        let storage = try reader.read(json, reading)
        self.init(name: name, type: type, shape: shape, storage: storage)
    }
}

/// Collects the elements of one tensor.
private struct ElementReader {
    let name: String
    let type: TensorType
    let expected: Int

    mutating func read(_ json: JSONValue, _ reading: Tensor.JSONReading) throws -> Tensor.Storage {
        switch type {
        case .fp32: return .floats(try collect(json) { try Float(number($0)) })
        case .fp64: return .bytes(try packed(json) { try number($0) })
        case .int8: return .bytes(try packed(json) { try integer($0, Int8.self) })
        case .int16: return .bytes(try packed(json) { try integer($0, Int16.self) })
        case .int32: return .bytes(try packed(json) { try integer($0, Int32.self) })
        case .int64: return .bytes(try packed(json) { try integer($0, Int64.self) })
        case .uint8: return .bytes(try packed(json) { try integer($0, UInt8.self) })
        case .uint16: return .bytes(try packed(json) { try integer($0, UInt16.self) })
        case .uint32: return .bytes(try packed(json) { try integer($0, UInt32.self) })
        case .uint64: return .bytes(try packed(json) { try integer($0, UInt64.self) })
        case .bool: return .bytes(try collect(json) { try flag($0) })
        case .bytes: return .strings(try collect(json) { try text($0, reading) })
        case .fp16, .bf16:
            throw JidokaError.invalidArgument(
                "input '\(name)' has datatype '\(type.rawValue)', which JSON cannot carry", hint: "send it with the binary tensor extension"
            )
        }
    }

    private func packed<Element: BitwiseCopyable>(_ json: JSONValue, _ convert: (JSONValue) throws -> Element) throws -> [UInt8] {
        try collect(json, convert).withUnsafeBytes { Array($0) }
    }

    private func collect<Element>(_ json: JSONValue, _ convert: (JSONValue) throws -> Element) throws -> [Element] {
        var all: [Element] = []
        all.reserveCapacity(min(expected, 1 << 20))
        try walk(json) { item in
            if all.count == expected { throw count("more than \(expected)") }
            all.append(try convert(item))
        }
        guard all.count == expected else { throw count("\(all.count)") }
        return all
    }

    private func walk(_ json: JSONValue, _ take: (JSONValue) throws -> Void) throws {
        guard case .array(let items) = json else { return try take(json) }
        for item in items {
            if case .array = item { try walk(item, take) } else { try take(item) }
        }
    }

    private func count(_ found: String) -> JidokaError {
        .invalidArgument(
            "input '\(name)' has \(found) elements where its shape has \(expected)", hint: "`data` is row-major, flat or nested")
    }

    private func wrong(_ value: JSONValue) -> JidokaError {
        .invalidArgument("input '\(name)' has an element that is no \(type.rawValue): \(value.text.prefix(40))")
    }

    private func number(_ value: JSONValue) throws -> Double {
        guard let number = value.doubleValue else { throw wrong(value) }
        return number
    }

    private func integer<I: FixedWidthInteger>(_ value: JSONValue, _: I.Type) throws -> I {
        let exact: I? =
            switch value {
            case .int(let number): I(exactly: number)
            case .double(let number): I(exactly: number)
            default: nil
            }
        guard let exact else { throw wrong(value) }
        return exact
    }

    private func flag(_ value: JSONValue) throws -> UInt8 {
        switch value {
        case .bool(let flag): return flag ? 1 : 0
        case .int(0): return 0
        case .int(1): return 1
        default: throw wrong(value)
        }
    }

    private func text(_ value: JSONValue, _ reading: Tensor.JSONReading) throws -> [UInt8] {
        if let text = value.stringValue { return Array(text.utf8) }
        if reading == .converted, let encoded = value["b64"]?.stringValue {
            guard let bytes = decodeBase64(encoded) else { throw wrong(value) }
            return bytes
        }
        throw wrong(value)
    }
}

/// RFC 4648 with or without padding, of both alphabets; nil for anything else.
private func decodeBase64(_ text: String) -> [UInt8]? {
    var bits: UInt32 = 0
    var count = 0
    var out: [UInt8] = []
    for byte in text.utf8.reversed().drop(while: { $0 == 0x3D }).reversed() {
        let value: UInt8
        switch byte {
        case 0x41...0x5A: value = byte - 0x41
        case 0x61...0x7A: value = byte - 0x61 + 26
        case 0x30...0x39: value = byte - 0x30 + 52
        case 0x2B, 0x2D: value = 62
        case 0x2F, 0x5F: value = 63
        default: return nil
        }
        bits = bits << 6 | UInt32(value)
        count += 6
        if count >= 8 {
            count -= 8
            out.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
    }
    return out
}

extension Tensor {
    /// Appends one element as JSON. Whole floats keep `.0`; NaN and the infinities are the bare words that Python and TensorFlow-Serving use.
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
