import CSimdJSON

extension JSONWriter {
    /// An array of 32-bit floats, each as the shortest text that reads back as the same float: 0.1, not 0.10000000149011612.
    package mutating func value(floats: UnsafeBufferPointer<Float>) {
        array(floats, longest: 18) { value, out in
            value.isFinite ? jidoka_json_write_float(value, out) : JSONWriter.quoted(Double(value), out)
        }
    }

    package mutating func value(floats: [Float]) { floats.withUnsafeBufferPointer { value(floats: $0) } }

    /// An array of doubles, each as the shortest text that reads back as the same double.
    package mutating func value(doubles: UnsafeBufferPointer<Double>) {
        array(doubles, longest: 28) { value, out in
            value.isFinite ? jidoka_json_write_double(value, out) : JSONWriter.quoted(value, out)
        }
    }

    package mutating func value(doubles: [Double]) { doubles.withUnsafeBufferPointer { value(doubles: $0) } }

    package mutating func value(integers: UnsafeBufferPointer<Int64>) {
        array(integers, longest: 20) { value, out in JSONWriter.write(value, out) }
    }

    package mutating func value(integers: [Int64]) { integers.withUnsafeBufferPointer { value(integers: $0) } }

    /// One 32-bit float as the shortest text that reads back as the same float.
    package mutating func value(float: Float) {
        separate()
        append(upTo: 40) { out in float.isFinite ? jidoka_json_write_float(float, out) : JSONWriter.quoted(Double(float), out) }
    }

    mutating func append(_ value: Double) {
        append(upTo: 40) { out in value.isFinite ? jidoka_json_write_double(value, out) : JSONWriter.quoted(value, out) }
    }

    mutating func append(_ value: Int64) { append(upTo: 20) { out in JSONWriter.write(value, out) } }

    /// Elements are written in blocks into room of the writer's own, so that no element costs an allocation.
    @inline(__always)
    private mutating func array<Element>(
        _ elements: UnsafeBufferPointer<Element>, longest: Int, _ write: (Element, UnsafeMutablePointer<CChar>) -> Int
    ) {
        beginArray()
        reserve(elements.count * 8)
        let room = 8_192
        var iterator = elements.makeIterator()
        var next = iterator.next()
        var first = true
        while next != nil {
            append(upTo: room) { out in
                var used = 0
                while let element = next, used + longest + 16 < room {
                    if !first {
                        out[used] = 0x2C
                        used += 1
                    }
                    first = false
                    used += write(element, out + used)
                    next = iterator.next()
                }
                return used
            }
        }
        endArray()
    }

    /// NaN and the infinities as the strings that the reader of the other side knows.
    private static func quoted(_ value: Double, _ out: UnsafeMutablePointer<CChar>) -> Int {
        let text: StaticString = value.isNaN ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\""
        return text.withUTF8Buffer { utf8 in
            for (at, byte) in utf8.enumerated() { out[at] = CChar(bitPattern: byte) }
            return utf8.count
        }
    }

    private static func write(_ value: Int64, _ out: UnsafeMutablePointer<CChar>) -> Int {
        var magnitude = value.magnitude
        var count = value < 0 ? 1 : 0
        if value < 0 { out[0] = 0x2D }
        var digits = 1
        var rest = magnitude / 10
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        count += digits
        var at = count
        repeat {
            at -= 1
            out[at] = 0x30 + CChar(truncatingIfNeeded: magnitude % 10)
            magnitude /= 10
        } while magnitude > 0
        return count
    }
}
