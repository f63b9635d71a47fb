import Errors
import Protobuf
import RPC
import Serving
import Testing

@testable import OpenInferenceAPI

struct ProtobufInferTests {
    private func decode(_ build: (inout WireWriter) -> Void) throws -> ProtobufInferRequest {
        var writer = WireWriter()
        writer.string(1, "half")
        build(&writer)
        return try WireReader.read(writer.bytes) { try ProtobufInferRequest(&$0, SharedRegions()) }
    }

    private func input(
        _ writer: inout WireWriter, _ name: String, _ type: String, _ shape: [Int64], contents: ((inout WireWriter) -> Void)? = nil
    ) {
        writer.message(5) { input in
            input.string(1, name)
            input.string(2, type)
            input.packed(3, shape)
            if let contents { input.message(5, contents) }
        }
    }

    @Test func `raw contents are those of the inputs, in order`() throws {
        let decoded = try decode { writer in
            writer.string(3, "seven")
            // Raw contents may come before the inputs that they are of.
            writer.blob(7, bytes([Float(1), 2, 3, 4]))
            input(&writer, "a", "FP32", [2, 2])
            input(&writer, "b", "BYTES", [1])
            writer.blob(7, [3, 0, 0, 0] + Array("abc".utf8))
        }
        #expect(decoded.model == "half" && decoded.version == nil && decoded.request.id == "seven")
        #expect(
            decoded.request.inputs == [
                Tensor(name: "a", shape: [2, 2], floats: [1, 2, 3, 4]), Tensor(name: "b", shape: [1], strings: ["abc"]),
            ])
    }

    @Test func `elements come in the field of their kind`() throws {
        let decoded = try decode { writer in
            input(&writer, "flag", "BOOL", [2]) { $0.packed(1, [1, 0]) }
            input(&writer, "narrow", "INT8", [3]) { $0.packed(2, [-128, 0, 127]) }
            input(&writer, "wide", "INT64", [1]) { $0.packed(3, [-5]) }
            input(&writer, "short", "UINT16", [1]) { $0.packed(4, [65_535]) }
            input(&writer, "real", "FP32", [2]) { contents in
                contents.float(6, 1.5)
                contents.float(6, -2)
            }
            input(&writer, "double", "FP64", [1]) { $0.double(7, 0.1) }
            input(&writer, "text", "BYTES", [2]) { contents in
                contents.blob(8, Array("x".utf8))
                contents.blob(8, [])
            }
        }
        #expect(
            decoded.request.inputs == [
                Tensor(name: "flag", type: .bool, shape: [2], elements: [UInt8(1), 0]),
                Tensor(name: "narrow", type: .int8, shape: [3], elements: [Int8(-128), 0, 127]),
                Tensor(name: "wide", type: .int64, shape: [1], elements: [Int64(-5)]),
                Tensor(name: "short", type: .uint16, shape: [1], elements: [UInt16(65_535)]),
                Tensor(name: "real", shape: [2], floats: [1.5, -2]),
                Tensor(name: "double", type: .fp64, shape: [1], elements: [0.1]),
                Tensor(name: "text", shape: [2], strings: ["x", ""]),
            ])
    }

    @Test func `a client's mistakes are told with the input's name`() {
        let mistakes: [(String, (inout WireWriter) -> Void)] = [
            ("'a' has the unknown datatype", { input(&$0, "a", "FLOAT", [1]) }),
            ("'a' has an impossible shape", { input(&$0, "a", "FP32", [-1]) }),
            ("has 0 elements", { input(&$0, "a", "FP32", [1]) }),
            ("which does not fit", { input(&$0, "a", "INT8", [1]) { $0.packed(2, [128]) } }),
            ("must use raw_input_contents", { input(&$0, "a", "FP16", [1]) }),
            (
                "must not be specified",
                {
                    input(&$0, "a", "FP32", [1]) { $0.float(6, 1) }
                    $0.blob(7, [0, 0, 0, 0])
                }
            ),
            (
                "1 more than inputs",
                {
                    input(&$0, "a", "FP32", [1])
                    $0.blob(7, [0, 0, 0, 0])
                    $0.blob(7, [0, 0, 0, 0])
                }
            ),
            (
                "none for input 'b'",
                {
                    input(&$0, "a", "FP32", [1])
                    input(&$0, "b", "FP32", [1])
                    $0.blob(7, [0, 0, 0, 0])
                }
            ),
            (
                "has 3 bytes",
                {
                    input(&$0, "a", "FP32", [1])
                    $0.blob(7, [0, 0, 0])
                }
            ),
        ]
        for (words, build) in mistakes {
            let error = #expect(throws: JidokaError.self) { try decode(build) }
            #expect(error?.code == .invalidArgument && error?.message.contains(words) == true, "\(error?.message ?? words)")
        }
    }

    @Test func `parameters and outputs are read`() throws {
        let decoded = try decode { writer in
            writer.message(4) { entry in
                entry.string(1, "timeout")
                entry.message(2) { $0.int(2, 250) }
            }
            writer.message(4) { entry in
                entry.string(1, "triton_enable_empty_final_response")
                entry.message(2) { $0.bool(1, true) }
            }
            writer.message(6) { output in
                output.string(1, "label")
                output.message(2) { entry in
                    entry.string(1, "classification")
                    entry.message(2) { $0.int(2, 3) }
                }
            }
        }
        #expect(decoded.request.timeout == 250 && decoded.wantsFinalMark)
        #expect(decoded.request.outputs?.map(\.name) == ["label"] && decoded.request.outputs?[0].topClasses == 3)
    }

    @Test func `every method of the service has a handler`() throws {
        let world = World()
        let declared = try #require(OpenInference.schema.services.first)
        #expect(declared.name == OpenInference.service)
        #expect(Set(world.open.methods.map(\.path)) == Set(declared.methods.map { "/\(declared.name)/\($0.name)" }))
        #expect(declared.methods.count == 20)
    }
}
