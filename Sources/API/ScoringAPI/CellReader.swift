import Errors
import JSON
import Serving

/// Reads cells to the elements of one input. Whole numbers become floats, never the other way round; a missing cell is NaN where the type
/// has one and an empty text in BYTES.
struct CellReader {
    private let spec: TensorSpec

    init(_ spec: TensorSpec) { self.spec = spec }

    func tensor(_ cells: some Sequence<(FeatureTable.Cell, String)>, shape: [Int]) throws -> Tensor {
        func elements<Element: BitwiseCopyable>(_ read: (FeatureTable.Cell) -> Element?) throws -> Tensor {
            let elements = try cells.map { cell, name in
                guard let element = read(cell) else { throw wrong(cell, name) }
                return element
            }
            return Tensor(name: spec.name, type: spec.type, shape: shape, elements: elements)
        }
        func integers<I: FixedWidthInteger & BitwiseCopyable>(_: I.Type) throws -> Tensor {
            try elements { cell in integer(cell).flatMap { I(exactly: $0) } }
        }
        switch spec.type {
        case .fp32: return Tensor(name: spec.name, shape: shape, floats: try cells.map { Float(try number($0, $1)) })
        case .fp64: return try elements { number($0) }
        case .bool: return try elements { cell in flag(cell).map { $0 ? UInt8(1) : 0 } }
        case .uint8: return try integers(UInt8.self)
        case .uint16: return try integers(UInt16.self)
        case .uint32: return try integers(UInt32.self)
        case .uint64: return try integers(UInt64.self)
        case .int8: return try integers(Int8.self)
        case .int16: return try integers(Int16.self)
        case .int32: return try integers(Int32.self)
        case .int64: return try integers(Int64.self)
        case .bytes: return Tensor(name: spec.name, shape: shape, strings: try cells.map { try text($0, $1) })
        case .fp16, .bf16:
            throw JidokaError.invalidArgument("input '\(spec.name)' of type \(spec.type.rawValue) cannot be sent as a table")
        }
    }

    private func number(_ cell: FeatureTable.Cell, _ name: String) throws -> Double {
        guard let number = number(cell) else { throw wrong(cell, name) }
        return number
    }

    private func number(_ cell: FeatureTable.Cell) -> Double? {
        switch cell {
        case .json(let json): json.isNull ? .nan : json.double
        case .text(let text): text.isEmpty ? .nan : Double(text)
        }
    }

    private func integer(_ cell: FeatureTable.Cell) -> Int64? {
        switch cell {
        case .json(let json): json.int
        case .text(let text): Int64(text)
        }
    }

    private func flag(_ cell: FeatureTable.Cell) -> Bool? {
        switch cell {
        case .json(let json): json.bool
        case .text(let text): ["true": true, "false": false][text.lowercased()]
        }
    }

    private func text(_ cell: FeatureTable.Cell, _ name: String) throws -> String {
        switch cell {
        case .text(let text): return text
        case .json(let json):
            if json.isNull { return "" }
            // Lists and objects travel as their JSON text, for models whose columns hold such.
            if let text = json.string ?? (json.kind == .array || json.kind == .object ? json.value.text : nil) { return text }
            throw wrong(cell, name)
        }
    }

    private func wrong(_ cell: FeatureTable.Cell, _ name: String) -> JidokaError {
        let shown =
            switch cell {
            case .json(let json): json.value.text
            case .text(let text): text
            }
        return .invalidArgument(
            "Incompatible input types for column \(name). Can not safely convert \(shown.prefix(60)) to \(spec.type.rawValue).",
            hint: "whole numbers become floats, but neither floats whole numbers nor texts numbers")
    }
}
