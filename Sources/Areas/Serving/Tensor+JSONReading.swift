import Errors
package import JSON

extension Tensor {
    /// How strictly JSON values become elements.
    package enum JSONReading: Sendable {
        /// Open Inference: an element must be a value of the datatype exactly.
        case exact
        /// TensorFlow-Serving: `{"b64": "…"}` stands for a text anywhere.
        case converted
    }

    /// A tensor from JSON lists, flat or nested, row-major.
    /// - Parameter shape: nil takes the lists' own nesting.
    /// - Throws: `invalid_argument` for elements that are not of the type or not as many as the shape asks for.
    package init(name: String, type: TensorType, shape: [Int]?, json: JSONCursor, reading: JSONReading = .exact) throws {
        let read = try Tensor.named(name) { () -> (storage: Storage, shape: [Int]) in
            if let found = try Tensor.inBulk(type, json) { return found }
            let reader = ElementReader(name: name, type: type, reading: reading)
            return (try reader.storage([json]), try shape ?? Tensor.nesting(of: json, reading))
        }
        self.init(name: name, type: type, shape: shape ?? read.shape, storage: read.storage)
        try checkCount()
    }

    /// A tensor with one more dimension in front, from values that stand apart: one for each row.
    package init(name: String, type: TensorType, rows: [JSONCursor], reading: JSONReading) throws {
        let reader = ElementReader(name: name, type: type, reading: reading)
        let inner = try Tensor.named(name) {
            let first = try rows.first.map { try Tensor.nesting(of: $0, reading) } ?? []
            for row in rows.dropFirst() where try Tensor.nesting(of: row, reading) != first { throw Tensor.ragged }
            return first
        }
        self.init(name: name, type: type, shape: [rows.count] + inner, storage: try Tensor.named(name) { try reader.storage(rows) })
        try checkCount()
    }

    private func checkCount() throws {
        let expected = Tensor.count(of: shape)
        guard expected != storedCount else { return }
        throw JidokaError.invalidArgument(
            "input '\(name)' of shape \(shape.compact) has \(storedCount) elements", hint: "`data` is row-major, flat or nested")
    }

    /// The three types that come in large numbers are read in one pass.
    private static func inBulk(_ type: TensorType, _ json: JSONCursor) throws -> (storage: Storage, shape: [Int])? {
        switch type {
        case .fp32:
            let tensor = try json.floats()
            return (.floats(tensor.values), tensor.shape)
        case .fp64:
            let tensor = try json.doubles()
            return (.bytes(tensor.values.withUnsafeBytes { Array($0) }), tensor.shape)
        case .int64:
            let tensor = try json.integers()
            return (.bytes(tensor.values.withUnsafeBytes { Array($0) }), tensor.shape)
        default: return nil
        }
    }

    /// The lengths of nested lists from the outermost inwards.
    private static func nesting(of json: JSONCursor, _ reading: JSONReading) throws -> [Int] {
        guard json.kind == .array else { return [] }
        var inner: [Int]?
        var count = 0
        try json.forEachElement { item in
            count += 1
            let found = try nesting(of: item, reading)
            if let inner, inner != found { throw ragged }
            inner = found
        }
        return [count] + (inner ?? [])
    }

    private static var ragged: JidokaError {
        .invalidArgument("the nested arrays differ in length or depth", hint: "send rows of the same length")
    }

    /// Says which input an error is about.
    private static func named<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch var error as JidokaError {
            error.message = error.message.hasPrefix("input '") ? error.message : "input '\(name)': \(error.message)"
            throw error
        }
    }
}

/// Collects the elements of one tensor, leaf by leaf.
private struct ElementReader {
    let name: String
    let type: TensorType
    let reading: Tensor.JSONReading

    func storage(_ values: [JSONCursor]) throws -> Tensor.Storage {
        switch type {
        case .fp32: .floats(try collect(values) { try Float(number($0)) })
        case .fp64: .bytes(try packed(values) { try number($0) })
        case .int8: .bytes(try packed(values) { try integer($0, Int8.self) })
        case .int16: .bytes(try packed(values) { try integer($0, Int16.self) })
        case .int32: .bytes(try packed(values) { try integer($0, Int32.self) })
        case .int64: .bytes(try packed(values) { try integer($0, Int64.self) })
        case .uint8: .bytes(try packed(values) { try integer($0, UInt8.self) })
        case .uint16: .bytes(try packed(values) { try integer($0, UInt16.self) })
        case .uint32: .bytes(try packed(values) { try integer($0, UInt32.self) })
        case .uint64: .bytes(try packed(values) { try integer($0, UInt64.self) })
        case .bool: .bytes(try collect(values) { try flag($0) })
        case .bytes: .strings(try collect(values) { try text($0) })
        case .fp16, .bf16:
            throw JidokaError.invalidArgument(
                "input '\(name)' has datatype '\(type.rawValue)', which JSON cannot carry", hint: "send it with the binary tensor extension"
            )
        }
    }

    private func packed<Element: BitwiseCopyable>(_ values: [JSONCursor], _ convert: (JSONCursor) throws -> Element) throws -> [UInt8] {
        try collect(values, convert).withUnsafeBytes { Array($0) }
    }

    private func collect<Element>(_ values: [JSONCursor], _ convert: (JSONCursor) throws -> Element) throws -> [Element] {
        var all: [Element] = []
        all.reserveCapacity(max(values.count, values.first?.count ?? 0))
        for value in values { try walk(value) { all.append(try convert($0)) } }
        return all
    }

    private func walk(_ json: JSONCursor, _ take: (JSONCursor) throws -> Void) throws {
        guard json.kind == .array else { return try take(json) }
        try json.forEachElement { try walk($0, take) }
    }

    private func wrong(_ value: JSONCursor) -> JidokaError {
        .invalidArgument("input '\(name)' has an element that is no \(type.rawValue): \(value.value.text.prefix(40))")
    }

    private func number(_ value: JSONCursor) throws -> Double {
        guard let number = value.double else { throw wrong(value) }
        return number
    }

    private func integer<I: FixedWidthInteger>(_ value: JSONCursor, _: I.Type) throws -> I {
        let exact = value.int.flatMap { I(exactly: $0) } ?? value.double.flatMap { I(exactly: $0) }
        guard let exact else { throw wrong(value) }
        return exact
    }

    private func flag(_ value: JSONCursor) throws -> UInt8 {
        if let flag = value.bool { return flag ? 1 : 0 }
        guard value.kind == .int, let number = value.int, number == 0 || number == 1 else { throw wrong(value) }
        return UInt8(number)
    }

    private func text(_ value: JSONCursor) throws -> [UInt8] {
        if let text = value.string { return Array(text.utf8) }
        guard reading == .converted, let encoded = value["b64"]?.string, let bytes = Base64.decode(encoded, isPadded: false) else {
            throw wrong(value)
        }
        return bytes
    }
}
