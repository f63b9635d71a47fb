import Clockwork
import Errors
import JSON
import Testing

@testable import Serving

struct TensorTests {
    private func json(_ tensor: Tensor) -> String {
        var out: [UInt8] = []
        tensor.appendJSON(elements: 0..<tensor.storedCount, to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    @Test(arguments: [
        (TensorType.bool, "[true,false,1,0]", "true,false,true,false"), (.uint8, "[0,255,1,2]", "0,255,1,2"),
        (.int8, "[-128,127,0,1]", "-128,127,0,1"), (.uint16, "[65535,0,1,2]", "65535,0,1,2"), (.int16, "[-32768,0,1,2]", "-32768,0,1,2"),
        (.uint32, "[4294967295,0,1,2]", "4294967295,0,1,2"), (.int32, "[-2147483648,0,1,2.0]", "-2147483648,0,1,2"),
        (.uint64, "[0,1,2,9007199254740993]", "0,1,2,9007199254740993"),
        (.int64, "[-9223372036854775808,0,1,2]", "-9223372036854775808,0,1,2"),
        (.fp32, "[[0.1,NaN],[1,-Infinity]]", "0.1,NaN,1.0,-Infinity"), (.fp64, "[0.1,1e300,-0.0,3]", "0.1,1e+300,-0.0,3.0"),
        (.bytes, #"[["a",""],["é","\n"]]"#, #""a","","é","\n""#),
    ])
    func `elements of every type go through JSON`(type: TensorType, text: String, expected: String) throws {
        let tensor = try Tensor(name: "t", type: type, shape: [2, 2], json: JSONDocument(Array(text.utf8)).root)
        #expect(json(tensor) == expected)
    }

    @Test(arguments: [
        (TensorType.uint8, "[256]"), (.uint8, "[-1]"), (.int32, "[1.5]"), (.int64, "[\"1\"]"), (.fp32, "[true]"), (.fp32, "[null]"),
        (.bool, "[2]"),
        (.bytes, "[1]"), (.fp16, "[1]"), (.fp32, "[1,2]"), (.fp32, "[]"), (.fp32, "{}"),
    ])
    func `elements that are not of the type are refused`(type: TensorType, text: String) throws {
        let value = try JSONDocument(Array(text.utf8)).root
        #expect { try Tensor(name: "t", type: type, shape: [1], json: value) } throws: { ($0 as? JidokaError)?.code == .invalidArgument }
    }

    @Test func `half precision reads as IEEE 754 says`() {
        let cases: [(UInt16, Float)] = [
            (0x3C00, 1), (0xC000, -2), (0x7BFF, 65_504), (0x0001, 0x1p-24), (0x8000, 0), (0x7C00, .infinity), (0x3555, 0.333_251_95),
        ]
        for (bits, value) in cases { #expect(Tensor.half(bits) == value) }
        #expect(Tensor.half(0x7E00).isNaN)
        #expect(Tensor(name: "b", type: .bf16, shape: [1], elements: [UInt16(0x3F80)]).number(at: 0) == 1)
    }

    @Test func `joining and splitting are inverse`() throws {
        let parts = [1, 3, 2].map { rows in
            TensorBatch([
                Tensor(name: "f", shape: [rows, 2], floats: (0..<rows * 2).map { Float($0 * rows) }),
                Tensor(name: "i", type: .int64, shape: [rows], elements: (0..<rows).map { Int64($0 - rows) }),
                Tensor(name: "s", shape: [rows, 1], strings: (0..<rows).map { "\(rows).\($0)" }),
            ])
        }
        let joined = TensorBatch.joined(parts)
        #expect(joined.tensors.map(\.shape) == [[6, 2], [6], [6, 1]])
        #expect(try joined.split(rows: [1, 3, 2]) == parts)
        #expect(throws: JidokaError.self) { try joined.split(rows: [1, 3]) }
    }

    @Test func `tensors from bytes and from floats join`() throws {
        let floats = Tensor(name: "f", shape: [1, 2], floats: [1, 2])
        let bytes = Tensor(name: "f", type: .fp32, shape: [1, 2], elements: [Float(3), 4])
        let joined = TensorBatch.joined([TensorBatch([floats]), TensorBatch([bytes])])
        #expect(joined.tensors[0] == Tensor(name: "f", shape: [2, 2], floats: [1, 2, 3, 4]))
    }

    @Test func `impossible shapes have no count`() {
        #expect(Tensor.count(of: [-1]) == nil)
        #expect(Tensor.count(of: [Int.max, 2]) == nil)
        #expect(Tensor.count(of: []) == 1)
        #expect(Tensor.count(of: [3, 0]) == 0)
    }
}

struct ModelSignatureTests {
    private let signature = ModelSignature(
        inputs: [TensorSpec(name: "age", type: .fp32, shape: [-1, 1]), TensorSpec(name: "job", type: .bytes, shape: [-1, 1])],
        outputs: [TensorSpec(name: "label", type: .int64, shape: [-1])])

    private func age(_ rows: Int = 1, type: TensorType = .fp32) -> Tensor {
        type == .fp32
            ? Tensor(name: "age", shape: [rows, 1], floats: Array(repeating: 1, count: rows))
            : Tensor(name: "age", type: type, shape: [rows, 1], elements: Array(repeating: 1.0, count: rows))
    }
    private func job(_ rows: Int = 1) -> Tensor { Tensor(name: "job", shape: [rows, 1], strings: Array(repeating: "x", count: rows)) }

    @Test func `inputs come in any order and leave in the signature's`() throws {
        #expect(try signature.arranged([job(2), age(2)], model: "m").tensors.map(\.name) == ["age", "job"])
        #expect(signature.featureNames == ["age", "job"] && signature.isBatchable)
    }

    @Test func `what does not fit is refused with the reason`() {
        var wide = age()
        wide.shape = [1, 2]
        var renamed = age()
        renamed.name = "agee"
        let cases: [([Tensor], String)] = [
            ([age()], "expected 2 inputs but got 1 inputs for model 'm'"),
            ([renamed, job()], "unexpected inference input 'agee' for model 'm'"),
            ([age(type: .fp64), job()], "inference input 'age' data-type is 'FP64', but model 'm' expects 'FP32'"),
            ([wide, job()], "unexpected shape for input 'age' for model 'm'. Expected [-1,1], got [1,2]"),
            ([age(2), job(3)], "input 'job' has 3 rows but 'age' has 2 for model 'm'"),
            ([age(), age()], "input 'job' is missing for model 'm'"),
        ]
        for (tensors, message) in cases {
            #expect { try signature.arranged(tensors, model: "m") } throws: { ($0 as? JidokaError)?.message == message }
        }
    }

    @Test func `feature names come from the MLflow signature, else from the inputs, else from positions`() throws {
        let text = #"[{"type":"double","name":"AGEP","required":true},{"type":"string","name":"JOB","optional":true}]"#
        #expect(try SignatureColumn.featureNames(mlflow: text) == ["AGEP", "JOB"])
        #expect(try SignatureColumn.parse(mlflow: text).map(\.required) == [true, false])
        let tensor = #"[{"type":"tensor","tensor-spec":{"dtype":"float32","shape":[-1,2]}}]"#
        #expect(try SignatureColumn.featureNames(mlflow: tensor) == [])
        #expect(throws: JidokaError.self) { try SignatureColumn.parse(mlflow: "{}") }
        let inputs = [TensorSpec(name: "X", type: .fp32, shape: [-1, 2])]
        #expect(ModelSignature(inputs: inputs, outputs: [], featureNames: ["a", "b"]).featureNames == ["a", "b"])
        #expect(ModelSignature(inputs: inputs, outputs: [], featureNames: ["a"]).featureNames == ["f0", "f1"])
    }
}

struct PredictionReaderTests {
    private func read(_ outputs: [Tensor], labels: [String]? = nil) -> [(prediction: FeatureValue, score: Double?)] {
        let specs = outputs.map { TensorSpec(name: $0.name, type: $0.type, shape: [-1] + $0.shape.dropFirst()) }
        let reader = PredictionReader(ModelSignature(inputs: [], outputs: specs, classLabels: labels))
        return reader.predictions(TensorBatch(outputs), count: outputs[0].rows)
    }

    @Test func `a label output decides, and the score is the positive class's`() {
        let found = read([
            Tensor(name: "label", type: .int64, shape: [2], elements: [Int64(0), 1]),
            Tensor(name: "probabilities", shape: [2, 2], floats: [0.75, 0.25, 0.5, 0.5]),
        ])
        #expect(found.map(\.prediction) == [.number(0), .number(1)])
        #expect(found.map(\.score) == [0.25, 0.5])
    }

    @Test func `without a label the most probable class does, by its name`() {
        let probabilities = Tensor(name: "p", shape: [2, 3], floats: [0.125, 0.75, 0.125, 0.5, 0.25, 0.25])
        #expect(read([probabilities], labels: ["cat", "dog", "3"]).map(\.prediction) == [.text("dog"), .text("cat")])
        #expect(read([probabilities]).map(\.prediction) == [.number(1), .number(0)])
        #expect(read([probabilities]).map(\.score) == [0.75, 0.5])
    }

    @Test func `one number a row is the predicted value`() {
        let found = read([Tensor(name: "variable", shape: [2, 1], floats: [1.5, .nan])])
        #expect(found.map(\.prediction) == [.number(1.5), .missing])
        #expect(found.allSatisfy { $0.score == nil })
    }
}

struct LatencyHistogramTests {
    @Test func `quantiles are within a bucket of the truth`() throws {
        var histogram = LatencyHistogram()
        for value in 1...10_000 { histogram.observe(microseconds: Int64(value)) }
        for (q, truth) in [(0.5, 5_000.0), (0.9, 9_000), (0.99, 9_900)] {
            let found = try #require(histogram.quantile(q))
            #expect(abs(found - truth) / truth < 0.2)
        }
        #expect(LatencyHistogram().quantile(0.5) == nil)
        var later = histogram
        later.observe(microseconds: 7)
        #expect(later.since(histogram).total == 1)
    }

    @Test func `extremes have a bucket`() {
        var histogram = LatencyHistogram()
        for value in [Int64.min, 0, 3, 4, .max] { histogram.observe(microseconds: value) }
        #expect(histogram.total == 5)
    }

    @Test func `since never counts what came before, and thins without forgetting`() {
        let recorder = StatisticsRecorder()
        for second in 0..<5_000 { recorder.record(latencyMicroseconds: 10, at: Timestamp(microseconds: Int64(second) * 1_000_000)) }
        let since = recorder.since(Timestamp(microseconds: 4_000 * 1_000_000))
        #expect(since.requests <= 1_000 && since.requests > 950)
        #expect(recorder.since(Timestamp(microseconds: 6_000 * 1_000_000)).requests == 0)
        #expect(recorder.totals.requests == 5_000)
    }
}
