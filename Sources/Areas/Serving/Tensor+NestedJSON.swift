extension Tensor {
    /// Writes one element of a tensor.
    package typealias ElementWriter = (_ tensor: Tensor, _ index: Int, _ out: inout [UInt8]) -> Void

    /// The tensor as nested lists; `element` writes those of BYTES.
    package func appendNestedJSON(
        to out: inout [UInt8], element: ElementWriter = { $0.appendJSON(element: $1, to: &$2) }
    ) {
        appendNested(dimension: 0, from: 0, to: &out, element)
    }

    /// One row of it.
    package func appendNestedJSON(
        row: Int, to out: inout [UInt8], element: ElementWriter = { $0.appendJSON(element: $1, to: &$2) }
    ) {
        appendNested(dimension: 1, from: row * stride(after: 0), to: &out, element)
    }

    private func appendNested(dimension: Int, from start: Int, to out: inout [UInt8], _ element: ElementWriter) {
        if dimension >= shape.count { return element(self, start, &out) }
        out.append(0x5B)
        if dimension == shape.count - 1, type != .bytes {
            appendJSON(elements: start..<start + shape[dimension], to: &out)
        } else {
            let stride = stride(after: dimension)
            for index in 0..<shape[dimension] {
                if index > 0 { out.append(0x2C) }
                appendNested(dimension: dimension + 1, from: start + index * stride, to: &out, element)
            }
        }
        out.append(0x5D)
    }

    /// Elements between two neighbours of a dimension.
    private func stride(after dimension: Int) -> Int { shape.dropFirst(dimension + 1).reduce(1, *) }
}
