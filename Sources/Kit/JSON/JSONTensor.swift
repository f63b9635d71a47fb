import Errors

/// A flat or nested array of numbers: all of them in row-major order, and the lengths of the arrays from the outermost inwards.
///
/// `[[1, 2, 3], [4, 5, 6]]` is `values` 1...6 with `shape` [2, 3]; a bare number has the shape [].
package struct JSONTensor<Element: Sendable>: Sendable {
    package var values: [Element]
    package var shape: [Int]
}

extension JSONTensor: Equatable where Element: Equatable {}

extension JSONCursor {
    /// Reads all numbers of an array, nested to any depth, in one pass. Integers are rounded to the nearest Float; `true` and `false` are
    /// 1 and 0 when `booleans` allows them.
    /// - Throws: `invalid_argument` for anything but numbers, and for arrays whose rows differ in length or depth.
    package func floats(booleans: Bool = false) throws -> JSONTensor<Float> { try tensor(booleans) }

    package func doubles(booleans: Bool = false) throws -> JSONTensor<Double> { try tensor(booleans) }

    /// Doubles are taken when they are whole numbers, as writers in languages with one kind of number send them.
    package func integers(booleans: Bool = false) throws -> JSONTensor<Int64> { try tensor(booleans) }

    @inline(__always)
    private func tensor<Element: TapeNumber>(_ booleans: Bool) throws -> JSONTensor<Element> {
        var walk = TensorWalk<Element>(tape: document.tape, booleans: booleans)
        try walk.run(from: at)
        return JSONTensor(values: walk.values, shape: walk.shape)
    }
}

/// What can be made of a number on the tape.
protocol TapeNumber: Sendable {
    init?(int: Int64)
    init?(unsigned: UInt64)
    init?(double: Double)
}

extension Float: TapeNumber {
    init(int: Int64) { self = Float(int) }
    init(unsigned: UInt64) { self = Float(unsigned) }
    init(double: Double) { self = Float(double) }
}

extension Double: TapeNumber {
    init(int: Int64) { self = Double(int) }
    init(unsigned: UInt64) { self = Double(unsigned) }
    init(double: Double) { self = double }
}

extension Int64: TapeNumber {
    init(int: Int64) { self = int }
    init?(unsigned: UInt64) { self.init(exactly: unsigned) }
    init?(double: Double) { self.init(exactly: double) }
}

/// One pass over the tape of an array.
private struct TensorWalk<Element: TapeNumber> {
    let tape: JSONTape
    let booleans: Bool
    var values: [Element] = []
    /// -1 while the first array of that depth is open.
    var shape: [Int] = []
    /// Elements so far of the arrays that are open.
    private var counts: [Int] = []
    /// The depth at which numbers stand; nil before the first.
    private var leaf: Int?

    init(tape: JSONTape, booleans: Bool) {
        self.tape = tape
        self.booleans = booleans
    }

    mutating func run(from start: Int) throws {
        let end = tape.next(start)
        values.reserveCapacity((end - start) / 2)
        var at = start
        while at < end {
            switch tape.token(at) {
            case JSONTape.Token.array:
                try open()
                at += 1
            case JSONTape.Token.arrayEnd:
                try close()
                at += 1
            default: at = try numbers(at)
            }
        }
    }

    private mutating func open() throws {
        if let leaf, counts.count >= leaf { throw ragged }
        if counts.count == shape.count { shape.append(-1) }
        if !counts.isEmpty { counts[counts.count - 1] += 1 }
        counts.append(0)
    }

    private mutating func close() throws {
        let count = counts.removeLast()
        let depth = counts.count
        if shape[depth] == -1 { shape[depth] = count }
        guard shape[depth] == count else { throw ragged }
    }

    /// The run of numbers that begins here: the hot loop.
    private mutating func numbers(_ start: Int) throws -> Int {
        if leaf == nil { leaf = counts.count }
        guard leaf == counts.count, shape.count == counts.count else { throw ragged }
        let before = values.count
        var at = start
        scan: while true {
            let number: Element?
            switch tape.token(at) {
            case JSONTape.Token.double: number = Element(double: tape.double(at))
            case JSONTape.Token.int: number = Element(int: tape.int(at))
            case JSONTape.Token.unsigned: number = Element(unsigned: tape.unsigned(at))
            case JSONTape.Token.yes where booleans, JSONTape.Token.no where booleans:
                number = Element(int: tape.token(at) == JSONTape.Token.yes ? 1 : 0)
                at -= 1  // one word only
            case JSONTape.Token.arrayEnd: break scan
            case JSONTape.Token.array: throw ragged
            default: throw unexpected
            }
            guard let number else { throw notWhole }
            values.append(number)
            at += 2
            if counts.isEmpty { break }
        }
        if !counts.isEmpty { counts[counts.count - 1] += values.count - before }
        return at
    }

    private var ragged: JidokaError {
        .invalidArgument("the nested arrays differ in length or depth", hint: "send rows of the same length")
    }
    private var unexpected: JidokaError {
        .invalidArgument("element \(values.count) of the array is not a number", hint: "send numbers only")
    }
    private var notWhole: JidokaError {
        .invalidArgument(
            "element \(values.count) of the array is no 64-bit integer", hint: "send whole numbers, or ask for a floating type")
    }
}
