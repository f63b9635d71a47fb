import Errors
import NativeLibraries
import ONNX
import Testing

@Suite struct RefusalTests {
    private func refusal(_ model: String, _ given: [(name: String, tensor: ONNXTensor)], outputs: [String]? = nil) throws -> JidokaError {
        let session = try Fixtures.session(model)
        let error = try #require(#expect(throws: JidokaError.self) { try session.run(inputs: given, outputs: outputs) })
        return error
    }

    @Test func `wrong inputs are told by name`() throws {
        let right = try ONNXTensor(shape: [1, 4], floats: [1, 2, 3, 4])
        let unknown = try refusal("forest_plain", [(name: "x", tensor: right)])
        #expect(unknown.code == .invalidArgument && unknown.message == "the model has no input `x`")
        #expect(unknown.hint == "did you mean `X`?")
        #expect(try refusal("forest_plain", []).message == "the model wants the input `X` too")
        #expect(try refusal("forest_plain", [(name: "X", tensor: right), (name: "X", tensor: right)]).message == "an input is given twice")
        let doubles = try ONNXTensor(.float64, shape: [1, 4], values: [1.0, 2, 3, 4])
        #expect(try refusal("forest_plain", [(name: "X", tensor: doubles)]).message == "input `X` wants float32, and float64 was given")
        let narrow = try ONNXTensor(shape: [1, 3], floats: [1, 2, 3])
        #expect(
            try refusal("forest_plain", [(name: "X", tensor: narrow)]).message
                == "input `X` wants the shape [-1, 4], and [1, 3] was given")
        let flat = try ONNXTensor(shape: [4], floats: [1, 2, 3, 4])
        #expect(try refusal("forest_plain", [(name: "X", tensor: flat)]).code == .invalidArgument)
        let output = try refusal("forest_plain", [(name: "X", tensor: right)], outputs: ["lable"])
        #expect(output.message == "the model has no output `lable`")
        #expect(output.hint == "its outputs are `label`, `probabilities`")
    }

    @Test func `a text with a NUL is refused`() throws {
        let tensor = try ONNXTensor(shape: [1, 2], strings: ["red\0green", "small"])
        #expect(try refusal("words", [(name: "words", tensor: tensor)]).message.contains("NUL"))
    }

    static let shapes: [([Int], Int)] = [([2, 3], 5), ([-1, 3], 3), ([Int.max, 2], 2), ([1 << 62, 8], 0), ([], 0)]

    @Test(arguments: shapes) func `elements and shape must agree`(_ shape: [Int], _ count: Int) {
        #expect(throws: JidokaError.self) { try ONNXTensor(shape: shape, floats: [Float](repeating: 0, count: count)) }
        #expect(throws: JidokaError.self) { try ONNXTensor(.float32, shape: shape, bytes: [UInt8](repeating: 0, count: count * 4)) }
        #expect(throws: JidokaError.self) { try ONNXTensor(shape: shape, strings: [String](repeating: "", count: count)) }
    }

    @Test func `values of another size than the type's are refused`() throws {
        #expect(throws: JidokaError.self) { try ONNXTensor(.int64, shape: [1], values: [Int32(1)]) }
        let tensor = try ONNXTensor(.int64, shape: [1], values: [Int64(1)])
        #expect(throws: JidokaError.self) { try tensor.values(Int32.self) }
        #expect(throws: JidokaError.self) { try tensor.strings() }
    }

    @Test func `bad model files are told`() throws {
        let missing = #expect(throws: JidokaError.self) { try ONNXSession(path: "/nowhere/model.onnx") }
        #expect(missing?.code == .notFound)
        #expect(missing?.message.contains("/nowhere/model.onnx") == true)
        let whole = try Fixtures.bytes("forest_plain.onnx")
        for bytes in [[], Array("not a model".utf8), Array(whole.prefix(whole.count / 2))] {
            let error = #expect(throws: JidokaError.self) { try ONNXSession(bytes: bytes) }
            #expect(error?.code == .invalidArgument, "\(error.map { "\($0)" } ?? "")")
        }
    }

    @Test(arguments: ["/nowhere/libonnxruntime.so.1", "/etc/passwd", "libc.so.6"])
    func `an absent or wrong library is told plainly`(_ path: String) {
        let error = #expect(throws: JidokaError.self) { try ONNXRuntime.load(pathOverride: path) }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("`\(path)`") == true)
        #expect(error?.hint?.contains("scripts/setup native") == true)
        #expect(ONNXRuntime.locate(pathOverride: path).problem?.contains(path) == true)
    }

    @Test func `the library says where it is and which release it is`() {
        let status = ONNXRuntime.locate()
        #expect(status.problem == nil)
        #expect(status.path?.contains("libonnxruntime.so") == true)
        #expect(status.version?.split(separator: ".").count == 3)
    }
}
