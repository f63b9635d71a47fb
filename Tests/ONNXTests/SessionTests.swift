import Errors
import JSON
import ONNX
import Testing

@Suite struct SessionTests {
    @Test(arguments: ["mlp", "linear", "forest_plain", "forest_zipmap", "forest_strings", "words"])
    func `answers equal the reference runtime's`(_ model: String) throws {
        let expected = try Fixtures.expected(model)
        let session = try Fixtures.session(model)
        let given = try #require(expected["inputs"]?.objectValue).map { (name: $0.key, tensor: try Fixtures.tensor($0.value)) }
        let outputs = try session.run(inputs: given)
        let wanted = try #require(expected["outputs"]?.objectValue)
        #expect(outputs.map(\.name) == wanted.keys)
        for output in outputs {
            let want = try #require(wanted[output.name])
            let values = try #require(want["values"]?.arrayValue)
            if let labels = want["labels"]?.arrayValue {
                #expect(output.classLabels == labels.compactMap { $0.stringValue ?? $0.intValue.map { String($0) } })
                #expect(output.tensor.shape == [values.count, labels.count])
                try compare(output.tensor, values.flatMap { $0.arrayValue ?? [] })
            } else {
                #expect(output.classLabels == nil)
                #expect(output.tensor.shape.map(Int64.init) == want["shape"]?.arrayValue?.compactMap(\.intValue))
                try compare(output.tensor, values)
            }
        }
    }

    private func compare(_ tensor: ONNXTensor, _ wanted: [JSONValue]) throws {
        #expect(tensor.count == wanted.count)
        if tensor.elementType == .string {
            #expect(try tensor.strings() == wanted.compactMap(\.stringValue))
        } else {
            let got = try tensor.doubles()
            #expect(zip(got, wanted).allSatisfy { abs($0 - ($1.doubleValue ?? .nan)) <= 1e-6 })
        }
    }

    @Test func `a model tells its inputs and outputs`() throws {
        let forest = try Fixtures.session("forest_strings")
        #expect(forest.inputs == [ONNXValueInfo(name: "X", kind: .tensor, elementType: .float32, shape: [-1, 4])])
        #expect(
            forest.outputs == [
                ONNXValueInfo(name: "output_label", kind: .tensor, elementType: .string, shape: [-1]),
                ONNXValueInfo(name: "output_probability", kind: .sequenceOfMaps(labels: .string), elementType: .float32, shape: [-1, -1]),
            ])
        let numbered = try Fixtures.session("forest_zipmap")
        #expect(numbered.outputs[1].kind == .sequenceOfMaps(labels: .int64))
        #expect(try Fixtures.session("words").inputs[0].elementType == .string)
    }

    @Test func `a model loads from bytes and from a path alike`() throws {
        let input = try ONNXTensor(shape: [1, 3], floats: [1, 2, 3])
        let outputs = try ONNXSession(bytes: Fixtures.bytes("linear.onnx")).run(inputs: [(name: "x", tensor: input)])
        #expect(try outputs[0].tensor.values(Float.self) == [11.5, 1])
    }

    @Test func `only the outputs that are asked for are computed, in that order`() throws {
        let session = try Fixtures.session("forest_plain")
        let input = try ONNXTensor(shape: [1, 4], floats: [5, 3, 1, 0])
        #expect(try session.run(inputs: [(name: "X", tensor: input)], outputs: ["probabilities"]).map(\.name) == ["probabilities"])
        let both = try session.run(inputs: [(name: "X", tensor: input)], outputs: ["probabilities", "label"])
        #expect(both.map(\.name) == ["probabilities", "label"])
    }

    @Test func `floats given as bytes are the same tensor`() throws {
        let floats: [Float] = [1, 2, 3, 4, 5, 6]
        let session = try Fixtures.session("linear")
        let bytes = try ONNXTensor(.float32, shape: [2, 3], bytes: floats.withUnsafeBytes(Array.init))
        let a = try session.run(inputs: [(name: "x", tensor: bytes)])[0].tensor
        let b = try session.run(inputs: [(name: "x", tensor: ONNXTensor(shape: [2, 3], floats: floats))])[0].tensor
        #expect(try a.values(Float.self) == b.values(Float.self))
    }

    @Test(arguments: [0, 1, 3]) func `every element type goes through unchanged`(_ rows: Int) throws {
        let session = try Fixtures.session("echo")
        let shape = [rows, 2]
        let n = rows * 2
        let texts = (0..<n).map { ["", "red", "日本語", "a longer text than twelve bytes"][$0 % 4] }
        let given: [(name: String, tensor: ONNXTensor)] = [
            (name: "in_FLOAT", tensor: try ONNXTensor(shape: shape, floats: (0..<n).map { Float($0) / 3 })),
            (name: "in_DOUBLE", tensor: try ONNXTensor(.float64, shape: shape, values: (0..<n).map { Double($0) / 3 })),
            (name: "in_INT8", tensor: try ONNXTensor(.int8, shape: shape, values: (0..<n).map { Int8(-$0) })),
            (name: "in_INT16", tensor: try ONNXTensor(.int16, shape: shape, values: (0..<n).map { Int16(-300 * $0) })),
            (name: "in_INT32", tensor: try ONNXTensor(.int32, shape: shape, values: (0..<n).map { Int32(-70_000 * $0) })),
            (name: "in_INT64", tensor: try ONNXTensor(.int64, shape: shape, values: (0..<n).map { Int64.min + Int64($0) })),
            (name: "in_UINT8", tensor: try ONNXTensor(.uint8, shape: shape, values: (0..<n).map { UInt8(250 + $0) })),
            (name: "in_UINT16", tensor: try ONNXTensor(.uint16, shape: shape, values: (0..<n).map { UInt16(60_000 + $0) })),
            (name: "in_UINT32", tensor: try ONNXTensor(.uint32, shape: shape, values: (0..<n).map { UInt32(4_000_000_000) + UInt32($0) })),
            (name: "in_UINT64", tensor: try ONNXTensor(.uint64, shape: shape, values: (0..<n).map { UInt64.max - UInt64($0) })),
            (name: "in_BOOL", tensor: try ONNXTensor(.bool, shape: shape, values: (0..<n).map { $0 % 2 == 0 })),
            (name: "in_STRING", tensor: try ONNXTensor(shape: shape, strings: texts)),
            (name: "in_FLOAT16", tensor: try ONNXTensor(.float16, shape: shape, values: (0..<n).map { Float16($0) / 4 })),
        ]
        let outputs = try session.run(inputs: given)
        #expect(outputs.count == given.count)
        for (output, input) in zip(outputs, given) {
            #expect(output.name == "out_" + input.name.dropFirst(3))
            #expect(output.tensor.elementType == input.tensor.elementType && output.tensor.shape == shape)
            #expect(output.tensor.withBytes(Array.init) == input.tensor.withBytes(Array.init))
        }
        #expect(try outputs[11].tensor.strings() == texts)
        #expect(try outputs[12].tensor.doubles() == (0..<n).map { Double($0) / 4 })
        #expect(try outputs[10].tensor.doubles() == (0..<n).map { $0 % 2 == 0 ? 1 : 0 })
    }

    @Test func `no rows in, no rows out`() throws {
        let none = try ONNXTensor(shape: [0, 4], floats: [])
        let outputs = try Fixtures.session("forest_zipmap").run(inputs: [(name: "X", tensor: none)])
        #expect(outputs[0].tensor.shape == [0])
        #expect(outputs[1].tensor.count == 0 && outputs[1].classLabels == [])
    }

    @Test func `one session answers many threads at once`() async throws {
        let session = try Fixtures.session("forest_zipmap")
        let input = try Fixtures.tensor(try #require(Fixtures.expected("forest_zipmap")["inputs"]?["X"]))
        let alone = try session.run(inputs: [(name: "X", tensor: input)])[1].tensor.values(Float.self)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try (0..<200).allSatisfy { _ in
                        try session.run(inputs: [(name: "X", tensor: input)])[1].tensor.values(Float.self) == alone
                    }
                }
            }
            for try await same in group { #expect(same) }
        }
    }

    @Test func `loading and unloading over and over does not gather memory`() throws {
        let bytes = try Fixtures.bytes("forest_zipmap.onnx")
        let input = try ONNXTensor(shape: [500, 4], floats: [Float](repeating: 1, count: 2_000))
        func growth() throws -> Int {
            let before = try residentBytes()
            for _ in 0..<40 { _ = try ONNXSession(bytes: bytes).run(inputs: [(name: "X", tensor: input)]) }
            return try residentBytes() - before
        }
        // Forty sessions that are kept take 30 MB. Other tests of this process take memory too, hence several tries.
        #expect(try (0..<8).contains { _ in try growth() < 8 << 20 })
    }
}
