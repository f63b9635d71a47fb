import Errors
import Filters
import JSON
import Protobuf
import Serving
import Tracing
import Tracking
import YAML

@testable import Line
@testable import MLflowAPI
@testable import OpenInferenceAPI
@testable import OpenTelemetryAPI
@testable import S3
@testable import TensorFlowServingAPI

extension FuzzTarget {
    static let all = [
        json, filters, patterns, otlp, otlpJSON, infer, inferProtobuf, modelConfig, predict, s3, pageTokens, logBatch, line, paths, times,
    ]

    private static let jsonWords = [
        "{", "}", "[", "]", ",", ":", "\"", "\\u", "\\ud800", "null", "true", "NaN", "-Infinity", "1e999", "-0", "0.1",
    ]

    static let json = FuzzTarget(name: "json", words: jsonWords) { bytes in
        let quick = try? JSONDocument(bytes)
        let value = try JSONValue.parse(bytes)
        if let quick, quick.root.kind == .null, value != .null { throw Broken(what: "two readers differ") }
        let again = try JSONValue.parse(value.serialized)
        guard again.serialized == value.serialized else { throw Broken(what: "written and read again it is another value") }
    }

    static let filters = FuzzTarget(
        name: "filters",
        words: ["AND", "OR", "NOT", "(", ")", "'", "\"", "`", "IN", "LIKE", "IS NULL", "RLIKE", "metrics.", "tags.", "span.", "!="]
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let readers: [(String) throws -> Void] = [
            { _ = try RunFilter.parse($0) }, { _ = try ExperimentFilter.parse($0) }, { _ = try LoggedModelFilter.parse($0) },
            { _ = try TraceFilter.parse($0) }, { _ = try TraceMetricFilter.parse($0) }, { _ = try TraceFilter.orders([$0]) },
        ]
        var refusal: (any Error)?
        for reader in readers { do { try reader(text) } catch { refusal = error } }
        if let refusal { throw refusal }
    }

    static let patterns = FuzzTarget(
        name: "patterns", words: ["(", ")", "[", "]", "{2,}", "*", "+?", "|", "\\d", "^", "$", "(?:"]
    ) { bytes in
        let pattern = try TextPattern(String(decoding: bytes, as: UTF8.self))
        _ = pattern.isFound(in: String(repeating: "aab xyz.json 12\n", count: 40))
    }

    static let otlp = FuzzTarget(name: "otlp", words: ["\u{0A}", "\u{12}\u{7F}", "\u{1A}"]) { _ = try OTLPProtobuf.batches($0) }
    static let otlpJSON = FuzzTarget(name: "otlp-json", words: jsonWords + ["traceId", "kvlistValue", "resourceSpans"]) {
        _ = try OTLPJSON.batches($0)
    }

    private static let signature = ModelSignature(
        inputs: [TensorSpec(name: "a", type: .fp32, shape: [-1, 1]), TensorSpec(name: "b", type: .bytes, shape: [-1, 1])], outputs: [])

    /// The first two bytes are the length of the JSON, as the header of a request says it.
    static let infer = FuzzTarget(
        name: "infer", words: jsonWords + ["shape", "datatype", "binary_data_size", "BYTES", "FP64", "4294967295", "-1"]
    ) { bytes in
        let length = bytes.count < 2 ? 0 : Int(bytes[0]) | Int(bytes[1]) << 8
        let one = ModelSignature(inputs: [TensorSpec(name: "x", type: .fp32, shape: [-1, 2])], outputs: [])
        let request = try InferRequest(Array(bytes.dropFirst(2)), headerLength: String(length), regions: SharedRegions()) { one }
        for tensor in request.inputs {
            guard Tensor.count(of: tensor.shape) == tensor.storedCount else {
                throw Broken(what: "a tensor's shape is not that of its elements")
            }
        }
    }

    static let inferProtobuf = FuzzTarget(
        name: "infer-protobuf", words: ["\u{2A}\u{10}", "\u{3A}\u{04}", "FP32", "BYTES", "\u{1A}\u{02}\u{01}\u{02}", "\u{22}\u{0A}"]
    ) { bytes in
        let decoded = try WireReader.read(bytes) { try ProtobufInferRequest(&$0, SharedRegions()) }
        for tensor in decoded.request.inputs {
            guard Tensor.count(of: tensor.shape) == tensor.storedCount else {
                throw Broken(what: "a tensor's shape is not that of its elements")
            }
        }
    }

    /// What a message says as JSON, written and read again, says the same.
    static let modelConfig = FuzzTarget(name: "model-config", words: ["\u{2A}\u{08}", "\u{8A}\u{01}", "\u{5A}\u{02}", "\u{72}\u{06}"]) {
        bytes in
        let message = "inference.ModelConfig"
        let schema = OpenInference.schema
        let config = try bytes.withUnsafeBufferPointer { try schema.decode(message, $0) }
        // Two members of a map may have the same key in the bytes, and zeros are left out: so the first writing is the form to keep.
        let written = try schema.encode(message, config)
        let again = try written.withUnsafeBufferPointer { try schema.decode(message, $0) }
        guard try schema.encode(message, again) == written else { throw Broken(what: "written and read again it is another message") }
    }

    static let predict = FuzzTarget(name: "predict", words: jsonWords + ["instances", "inputs", "b64"]) { bytes in
        _ = try PredictRequest(bytes, signature: signature)
    }

    static let s3 = FuzzTarget(name: "s3", words: ["<Contents>", "</Contents>", "<Key>", "</Key>", "&amp;", "&#34;", "<", ">"]) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        for entry in S3Answers.each("Contents", in: text) + S3Answers.each("Upload", in: text) {
            for name in ["Key", "Size", "UploadId"] { _ = S3Answers.first(name, in: entry) }
        }
        _ = S3Answers.time(text)
        let failure = S3Answers.failure(503, text, doing: "read", at: "s3://bucket")
        guard failure.code == .unavailable else { throw Broken(what: "a busy store is \(failure.code)") }
    }

    static let pageTokens = FuzzTarget(name: "page-tokens", words: ["=", "==", "eyJ", "-", "_"]) { bytes in
        let token = String(decoding: bytes, as: UTF8.self)
        let offset = try PageToken.decode(token)
        guard try PageToken.decode(PageToken.encode(offset)) == offset else { throw Broken(what: "an offset does not come back") }
    }

    /// Where the quick reader takes a body, the thorough one reads the same.
    static let logBatch = FuzzTarget(
        name: "log-batch", words: jsonWords + ["run_id", "metrics", "params", "tags", "timestamp", "step", "model_id"]
    ) { bytes in
        let fields = RequestFields(RequestFields.object(bytes))
        if let quick = LogBatchReader.batch(bytes) {
            let slow = RunBatch(
                runID: try fields.runID(), metrics: try fields.objects("metrics").map { try $0.metric() },
                params: try fields.params("params"), tags: try fields.tags("tags"))
            guard "\(quick)" == "\(slow)" else { throw Broken(what: "two readers differ: \(quick) and \(slow)") }
        }
        if let (run, quick) = LogBatchReader.single(bytes) {
            let slow = try fields.metric()
            guard try fields.runID() == run, "\(quick)" == "\(slow)" else { throw Broken(what: "two readers differ: \(quick) and \(slow)") }
        }
        _ = try fields.objects("metrics").map { try $0.metric() }
    }

    static let line = FuzzTarget(
        name: "line", words: ["&a", "*a", "<<: ", "- ", ": ", "{", "}", "!!int ", "|\n", "\t", "---\n", "pipeline:\n  steps:\n", "${", "}"]
    ) { bytes in
        _ = try LineReader { path in
            guard path == LineReader.fileName else { throw JidokaError.notFound("`\(path.prefix(100))` cannot be read") }
            return bytes
        }.read()
    }

    static let paths = FuzzTarget(name: "paths", words: ["..", "/", "%2e", "%25", "\\", "#", "C:", "//", "file:"]) { bytes in
        let path = try ArtifactPath(String(decoding: bytes, as: UTF8.self))
        guard path.segments.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0x2F) }) else {
            throw Broken(what: "a segment leads away: \(path)")
        }
        guard try ArtifactPath(path.description) == path else { throw Broken(what: "its own text is another path") }
    }

    static let times = FuzzTarget(
        name: "times", words: ["Z", "+00:00", "-", ".999999999", "9999", "0000", "s", "e300", "nan", "inf"]
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        if let duration = ProtoTime.milliseconds(duration: text) { _ = ProtoTime.duration(milliseconds: duration) }
        _ = ProtoTime.text(milliseconds: try ProtoTime.milliseconds(text, field: "t"))
    }
}
