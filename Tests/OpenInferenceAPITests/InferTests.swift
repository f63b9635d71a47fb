import Conformance
import Errors
import HTTP
import JSON
import Serving
import Testing

@testable import OpenInferenceAPI

private let input = #"{"name":"X","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}"#
private let answered =
    #""model_name":"half","model_version":"3","#
    + #""parameters":{"prediction_id":"id2","route":"champion","jidoka_model_version":"3"},"outputs":["#
private let label = #"{"name":"label","datatype":"INT64","shape":[1],"data":[10]}"#
private let probabilities = #"{"name":"probabilities","datatype":"FP32","shape":[1,2],"data":[0.25,0.75]}"#

struct InferTests {
    @Test func `a JSON request is answered byte for byte`() async throws {
        let world = try await World().serve()
        let response = await world.infer(#"{"id":"mine","inputs":[\#(input)]}"#)
        #expect(response.status == 200)
        #expect(response.text == #"{"id":"mine",\#(answered)\#(label),\#(probabilities)]}"#)
        #expect(response.headers["content-type"] == "application/json")
        #expect(response.headers["inference-header-content-length"] == nil)
        #expect(response.headers["x-jidoka-prediction-id"] == "id2")
        #expect(response.headers["x-jidoka-model-version"] == "3")
        #expect(response.headers["x-jidoka-route"] == "champion")
        #expect(world.sink.records.map(\.id) == ["id2"])
    }

    @Test func `nested data, several rows and a named version`() async throws {
        let world = try await World().serve()
        let rows =
            #"{"inputs":[{"name":"X","shape":[2,4],"datatype":"FP32","data":[[1,2,3,4],[0.5,0.5,0,-1e0]]}],"outputs":[{"name":"label"}]}"#
        let response = await world.infer(rows, path: "/v2/models/half/versions/3/infer")
        #expect(response.text.hasSuffix(#""outputs":[{"name":"label","datatype":"INT64","shape":[2],"data":[10,0]}]}"#))
        #expect(response.headers["x-jidoka-route"] == "version")
        #expect(world.sink.records.map(\.id) == ["id2-0", "id2-1"])
    }

    @Test func `outputs come in the order in which they are asked for`() async throws {
        let world = try await World().serve()
        let response = await world.infer(#"{"inputs":[\#(input)],"outputs":[{"name":"probabilities"},{"name":"label"}]}"#)
        #expect(response.text == #"{\#(answered)\#(probabilities),\#(label)]}"#)
    }

    @Test func `binary tensors go both ways, as tritonclient sends them`() async throws {
        let world = try await World().serve()
        let header =
            #"{"parameters":{"binary_data_output":true},"#
            + #""inputs":[{"name":"X","shape":[1,4],"datatype":"FP32","parameters":{"binary_data_size":16}}]}"#
        let response = await world.infer(header, blob: bytes([Float(1), 2, 3, 4]))
        let json =
            #"{\#(answered){"name":"label","datatype":"INT64","shape":[1],"parameters":{"binary_data_size":8}},"#
            + #"{"name":"probabilities","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}}]}"#
        #expect(response.headers["Inference-Header-Content-Length"] == String(json.utf8.count))
        #expect(response.headers["Content-Type"] == "application/octet-stream")
        #expect(response.bytes == Array(json.utf8) + bytes([Int64(10)]) + bytes([Float(0.25), 0.75]))
    }

    @Test func `each output's own wish stands above the request's`() async throws {
        let world = try await World().serve()
        let request =
            #"{"parameters":{"binary_data_output":true},"inputs":[\#(input)],"#
            + #""outputs":[{"name":"label","parameters":{"binary_data":false}},{"name":"probabilities"}]}"#
        let response = await world.infer(request)
        let json = #"{\#(answered)\#(label),{"name":"probabilities","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}}]}"#
        #expect(response.bytes == Array(json.utf8) + bytes([Float(0.25), 0.75]))
    }

    @Test func `a raw request is one row without a JSON header, answered in binary`() async throws {
        let world = try await World().serve()
        let body = bytes([Float(1), 2, 3, 4])
        let response = await world.send("POST", "/v2/models/half/infer", body, headers: ["inference-header-content-length": "0"])
        #expect(response.status == 200)
        #expect(response.bytes.suffix(16) == (bytes([Int64(10)]) + bytes([Float(0.25), 0.75]))[...])
        let short = await world.send(
            "POST", "/v2/models/half/infer", Array(body.dropLast()), headers: ["inference-header-content-length": "0"])
        #expect(short.status == 400)
    }

    @Test func `zero-size binary tensors are legal`() async throws {
        let world = try await World().serve()
        let header = #"{"inputs":[{"name":"X","shape":[0,4],"datatype":"FP32","parameters":{"binary_data_size":0}}]}"#
        let response = await world.infer(header, blob: [])
        #expect(response.status == 200)
        #expect(response.text.contains(#"{"name":"label","datatype":"INT64","shape":[0],"data":[]}"#))
    }

    @Test func `texts go both ways in JSON and in binary`() async throws {
        let world = try await World().serve("words", echo(.bytes))
        let json = #"{"inputs":[{"name":"in","shape":[1,2],"datatype":"BYTES","data":["é",""]}]}"#
        let plain = await world.infer(json, path: "/v2/models/words/infer")
        #expect(plain.text.hasSuffix(#"{"name":"out","datatype":"BYTES","shape":[1,2],"data":["é",""]}]}"#))
        let blob: [UInt8] = [2, 0, 0, 0, 0xC3, 0xA9, 0, 0, 0, 0]
        let header =
            #"{"inputs":[{"name":"in","shape":[1,2],"datatype":"BYTES","parameters":{"binary_data_size":10}}],"#
            + #""outputs":[{"name":"out","parameters":{"binary_data":true}}]}"#
        let binary = await world.infer(header, blob: blob, path: "/v2/models/words/infer")
        #expect(binary.bytes.suffix(10) == blob[...])
    }

    @Test(arguments: [
        (TensorType.bool, bytes([UInt8(1), 0]), "[true,false]"), (.uint8, bytes([UInt8(1), 255]), "[1,255]"),
        (.uint16, bytes([UInt16(1), 65_535]), "[1,65535]"), (.uint32, bytes([UInt32(1), .max]), "[1,4294967295]"),
        (.uint64, bytes([UInt64(1), 1 << 60]), "[1,1152921504606846976]"), (.int8, bytes([Int8(1), -128]), "[1,-128]"),
        (.int16, bytes([Int16(1), -2]), "[1,-2]"), (.int32, bytes([Int32(1), .min]), "[1,-2147483648]"),
        (.int64, bytes([Int64(1), .min]), "[1,-9223372036854775808]"), (.fp16, bytes([UInt16(0x3C00), 0xC000]), "[1.0,-2.0]"),
        (.fp32, bytes([Float(0.1), 16_777_216]), ""), (.fp64, bytes([0.1, -2.5]), ""),
        (.bf16, bytes([UInt16(0x3F80), 0x4000]), "[1.0,2.0]"),
    ])
    func `every datatype passes unchanged`(type: TensorType, blob: [UInt8], data: String) async throws {
        let world = try await World().serve("echo", echo(type))
        let path = "/v2/models/echo/infer"
        let binary = #""datatype":"\#(type.rawValue)","parameters":{"binary_data_size":\#(blob.count)}"#
        let inputs = #"{"inputs":[{"name":"in","shape":[1,2],\#(binary)}]"#
        let back = await world.infer(inputs + #","outputs":[{"name":"out","parameters":{"binary_data":true}}]}"#, blob: blob, path: path)
        #expect(back.bytes.suffix(blob.count) == blob[...])
        let plain = await world.infer(inputs + "}", blob: blob, path: path)
        let output = try #require(try JSONValue.parse(plain.bytes)["outputs"]?[0])
        if !data.isEmpty { #expect(output["data"]?.text == data) }
        guard type != .fp16, type != .bf16 else { return }
        // What JSON gave is what JSON takes.
        let values = try #require(output["data"]).text
        let again = await world.infer(
            #"{"inputs":[{"name":"in","shape":[1,2],"datatype":"\#(type.rawValue)","data":\#(values)}],"#
                + #""outputs":[{"name":"out","parameters":{"binary_data":true}}]}"#,
            path: path)
        #expect(again.bytes.suffix(blob.count) == blob[...])
    }

    @Test func `the classification extension names the largest`() async throws {
        let world = try await World().serve()
        let response = await world.infer(#"{"inputs":[\#(input)],"outputs":[{"name":"probabilities","parameters":{"classification":1}}]}"#)
        #expect(response.text.hasSuffix(#"{"name":"probabilities","datatype":"BYTES","shape":[1,1],"data":["0.75:1"]}]}"#))
    }

    @Test func `the unit header makes the route sticky`() async throws {
        let world = try await World().serve()
        world.runtime.add("half", "4", .classifier())
        try await world.serving.setChallenger("4", percent: 50, of: "half", actor: "user:test", reason: "test")
        var versions: [String: Set<String>] = [:]
        for unit in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            for _ in 0..<4 {
                let response = await world.send(
                    "POST", "/v2/models/half/infer", Array(#"{"inputs":[\#(input)]}"#.utf8), headers: ["X-Jidoka-Unit": unit])
                versions[unit, default: []].insert(response.headers["x-jidoka-model-version"] ?? "")
                #expect(
                    response.headers["x-jidoka-route"] == (response.headers["x-jidoka-model-version"] == "4" ? "challenger" : "champion"))
            }
        }
        #expect(versions.values.allSatisfy { $0.count == 1 })
        #expect(Set(versions.values.flatMap { $0 }) == ["3", "4"])
    }
}

struct BadRequestTests {
    struct Case: Sendable {
        var body: String
        var message: String
        init(_ body: String, _ message: String) {
            self.body = body
            self.message = message
        }
    }

    private static func tensor(_ fields: String) -> String { #"{"inputs":[{\#(fields)}]}"# }

    static let cases: [Case] = [
        Case("", "malformed JSON"), Case("{", "malformed JSON"), Case("[]", "the request must be a JSON object"),
        Case("{}", "no list `inputs`"), Case(#"{"inputs":{}}"#, "no list `inputs`"), Case(#"{"inputs":[]}"#, "expected 1 inputs but got 0"),
        Case(#"{"id":[],"inputs":[]}"#, "`id` must be a string"), Case(#"{"inputs":[1]}"#, "an input has no `name`"),
        Case(tensor(#""name":"X""#), "has no `datatype`"), Case(tensor(#""name":"X","datatype":"FLOAT""#), "unknown datatype 'FLOAT'"),
        Case(tensor(#""name":"X","datatype":"FP32""#), "no list `shape`"),
        Case(tensor(#""name":"X","datatype":"FP32","shape":[-1,4],"data":[]"#), "impossible shape"),
        Case(tensor(#""name":"X","datatype":"FP32","shape":["1",4],"data":[]"#), "impossible shape"),
        Case(tensor(#""name":"X","datatype":"FP32","shape":[2147483647,2147483647,2147483647],"data":[1]"#), "elements"),
        Case(tensor(#""name":"X","datatype":"FP32","shape":[1,4]"#), "neither `data` nor `binary_data_size`"),
        Case(tensor(#""name":"X","datatype":"FP32","shape":[1,4],"data":[1,2,3]"#), "has 3 elements"),
        Case(tensor(#""name":"X","datatype":"FP32","shape":[1,4],"data":[1,2,3,4,5]"#), "has 5 elements"),
        Case(
            tensor(#""name":"X","datatype":"FP32","shape":[1,4],"data":[1,2,3,"4"]"#), "input 'X': element 3 of the array is not a number"),
        Case(
            tensor(#""name":"X","datatype":"FP32","shape":[1,4],"data":[1,2,3,null]"#), "element 3 of the array is not a number"),
        Case(
            tensor(#""name":"X","datatype":"FP64","shape":[1,4],"data":[1,2,3,4]"#), "is 'FP64', but model 'half' expects 'FP32'"),
        Case(tensor(#""name":"Y","datatype":"FP32","shape":[1,4],"data":[1,2,3,4]"#), "unexpected inference input 'Y' for model 'half'"),
        Case(
            tensor(#""name":"X","datatype":"FP32","shape":[1,3],"data":[1,2,3]"#),
            "unexpected shape for input 'X' for model 'half'. Expected [-1,4], got [1,3]"),
        Case(tensor(#""name":"X","datatype":"FP32","shape":[4],"data":[1,2,3,4]"#), "unexpected shape"),
        Case(tensor(#""name":"X","datatype":"FP32","shape":[1,4],"parameters":{"shared_memory_region":"r"}"#), "shared memory"),
        Case(
            tensor(#""name":"X","datatype":"FP32","shape":[1,4],"parameters":{"binary_data_size":16}"#),
            "announces 16 binary bytes but the body has 0 left"),
        Case(tensor(#""name":"X","datatype":"FP32","shape":[1,4],"parameters":{"binary_data_size":-1}"#), "impossible `binary_data_size`"),
        Case(
            #"{"inputs":[{"name":"X","datatype":"FP32","shape":[1,4],"data":[1,2,3,4]}],"outputs":[{"name":"nope"}]}"#,
            "unexpected inference output 'nope'"),
        Case(
            #"{"inputs":[{"name":"X","datatype":"FP32","shape":[1,4],"data":[1,2,3,4]}],"outputs":[{}]}"#,
            "an entry of `outputs` has no `name`"),
    ]

    @Test(arguments: cases.indices)
    func `a client's mistake is 400 with the reason, never 500`(index: Int) async throws {
        let world = try await World().serve()
        let response = await world.infer(BadRequestTests.cases[index].body)
        #expect(response.status == 400)
        let error = try #require(try JSONValue.parse(response.bytes)["error"]?.stringValue)
        #expect(error.contains(BadRequestTests.cases[index].message), "\(error)")
        #expect(world.sink.records.isEmpty)
    }

    @Test(arguments: [
        ("16", 15, "announces 16 binary bytes but the body has 15 left"), ("16", 17, "unexpected additional 1 bytes"),
        ("8", 8, "has 8 bytes"), ("20", 20, "has 20 bytes"),
    ])
    func `binary sizes must be exact`(announced: String, sent: Int, message: String) async throws {
        let world = try await World().serve()
        let header = #"{"inputs":[{"name":"X","shape":[1,4],"datatype":"FP32","parameters":{"binary_data_size":\#(announced)}}]}"#
        let response = await world.infer(header, blob: Array(repeating: 0, count: sent))
        #expect(response.status == 400)
        #expect(response.text.contains(message), "\(response.text)")
    }

    @Test(arguments: ["-1", "x", "1000000", "", "1.5"])
    func `an impossible header length is 400`(length: String) async throws {
        let world = try await World().serve()
        let response = await world.send(
            "POST", "/v2/models/half/infer", Array("{}".utf8), headers: ["inference-header-content-length": length])
        #expect(response.status == 400)
    }

    @Test(
        arguments: [
            [9, 0, 0, 0, 65], [1, 0, 0, 0, 65], [1, 0, 0], [1, 0, 0, 0, 65, 1, 0, 0, 0, 66, 1, 0, 0, 0, 67], [255, 255, 255, 255],
        ] as [[UInt8]])
    func `broken text blobs are 400`(blob: [UInt8]) async throws {
        let world = try await World().serve("words", echo(.bytes))
        let header = #"{"inputs":[{"name":"in","shape":[1,2],"datatype":"BYTES","parameters":{"binary_data_size":\#(blob.count)}}]}"#
        #expect(await world.infer(header, blob: blob, path: "/v2/models/words/infer").status == 400)
    }

    @Test func `unknown names are 404 in Triton's words, other methods 405`() async throws {
        let world = try await World().serve()
        let unknown = await world.infer("{}", path: "/v2/models/none/infer")
        #expect(unknown.status == 400, "the body is read first")
        let body = #"{"inputs":[\#(input)]}"#
        let missing = await world.infer(body, path: "/v2/models/none/infer")
        #expect(missing.status == 404 && missing.text.contains("Request for unknown model: 'none' is not found"))
        let version = await world.infer(body, path: "/v2/models/half/versions/9/infer")
        #expect(version.status == 404 && version.text.contains("Request for unknown model: 'half' version 9 is not found"))
        #expect(await world.send("GET", "/v2/models/half/infer").status == 405)
    }

    @Test func `a full queue is 503, a broken model 500 without its secrets`() async throws {
        let signature = echo(.fp32).signature
        let world = try await World().serve("broken", .init(signature: signature) { _ in throw Secret() })
        let body = #"{"inputs":[{"name":"in","shape":[1,2],"datatype":"FP32","data":[1,2]}]}"#
        let response = await world.infer(body, path: "/v2/models/broken/infer")
        #expect(response.status == 500 && !response.text.contains("Secret"))
        let full = try await World().serve(
            "full", .init(signature: signature) { _ in throw JidokaError.unavailable("Exceeds maximum queue size") })
        #expect(await full.infer(body, path: "/v2/models/full/infer").status == 503)
    }

    private struct Secret: Error {}
}
