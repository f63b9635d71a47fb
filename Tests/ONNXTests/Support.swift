internal import Foundation
internal import Glibc
import JSON
import ONNX
import Testing

/// The models of `Fixtures`, and the answers that onnxruntime for Python gave (see `make_fixtures.py`).
enum Fixtures {
    static func path(_ name: String) -> String { Bundle.module.bundlePath + "/Fixtures/\(name)" }

    static func session(_ name: String) throws -> ONNXSession { try ONNXSession(path: path("\(name).onnx")) }

    static func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path(name)))) }

    static func expected(_ model: String) throws -> JSONValue {
        try #require(JSONValue.parse(bytes("expected.json"))[model])
    }

    /// A tensor of the JSON form `{"type": …, "shape": […], "values": […]}`.
    static func tensor(_ json: JSONValue) throws -> ONNXTensor {
        let shape = try #require(json["shape"]?.arrayValue).compactMap { $0.intValue.map { Int($0) } }
        let values = try #require(json["values"]?.arrayValue)
        if json["type"]?.stringValue == "object" { return try ONNXTensor(shape: shape, strings: values.compactMap(\.stringValue)) }
        return try ONNXTensor(shape: shape, floats: values.compactMap { $0.doubleValue.map { Float($0) } })
    }
}

/// Memory of this process that lies in RAM, in bytes.
func residentBytes() throws -> Int {
    let text = String(decoding: try Data(contentsOf: URL(filePath: "/proc/self/statm")), as: UTF8.self)
    let fields = text.split(separator: " ").compactMap { Int($0) }
    let pages = try #require(fields.dropFirst().first)
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
}
