import Clockwork
import Errors
import JSON
import Serving
import Testing

@testable import ONNXModels

private import Foundation

/// The models and the answers of onnxruntime for Python that the ONNX wrapper is tested with.
private let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(
    path: "ONNXTests/Fixtures")

private func load(_ name: String, features: [String] = [], labels: [String]? = nil) async throws -> any LoadedModel {
    let runtime = ONNXModelRuntime(pool: BlockingPool(threads: 2), time: SystemTime())
    return try await runtime.load(
        ModelArtifact(
            model: name, version: "1", path: fixtures.appending(path: "\(name).onnx").path, flavor: "onnx", featureNames: features,
            classLabels: labels))
}

private func expected(_ name: String) throws -> (input: TensorBatch, outputs: JSONValue) {
    let all = try JSONValue.parse(Array(try Data(contentsOf: fixtures.appending(path: "expected.json"))))
    let one = try #require(all[name])
    let input = try #require(one["inputs"]?["X"])
    let floats = try #require(input["values"]?.arrayValue).compactMap { $0.doubleValue.map { Float($0) } }
    return (TensorBatch([Tensor(name: "X", shape: [floats.count / 4, 4], floats: floats)]), try #require(one["outputs"]))
}

private func numbers(_ tensor: Tensor?) -> [Double] {
    guard let tensor else { return [] }
    return (0..<tensor.storedCount).compactMap(tensor.number(at:))
}

struct ONNXModelTests {
    @Test func `a network answers what onnxruntime answers, alone and in a batch`() async throws {
        let model = try await load("mlp", features: ["a", "b", "c", "d"])
        #expect(model.signature.inputs == [TensorSpec(name: "X", type: .fp32, shape: [-1, 4])])
        #expect(model.signature.featureNames == ["a", "b", "c", "d"] && model.signature.isBatchable)
        let (input, outputs) = try expected("mlp")
        let truth = try #require(outputs["variable"]?["values"]?.arrayValue).compactMap(\.doubleValue)
        let all = numbers(try await model.infer(input)["variable"])
        #expect(zip(all, truth).allSatisfy { abs($0 - $1) < 1e-5 } && all.count == truth.count)
        for row in 0..<5 {
            let one = numbers(try await model.infer(TensorBatch([input.tensors[0].rows(row..<row + 1)]))["variable"])
            #expect(abs(one[0] - truth[row]) < 1e-5)
        }
    }

    @Test func `a scikit-learn export with ZipMap is flattened and its classes named`() async throws {
        let model = try await load("forest_zipmap")
        #expect(model.signature.classLabels == ["0", "1", "2"])
        #expect(model.signature.outputs.map(\.shape) == [[-1], [-1, 3]])
        #expect(model.signature.isBatchable)
        let (input, outputs) = try expected("forest_zipmap")
        let answer = try await model.infer(input)
        #expect(numbers(answer["output_label"]) == (outputs["output_label"]?["values"]?.arrayValue ?? []).compactMap(\.doubleValue))
        #expect(answer["output_probability"]?.shape == [5, 3] && answer["output_probability"]?.type == .fp32)
        let truth = (outputs["output_probability"]?["values"]?.arrayValue ?? []).flatMap { $0.arrayValue ?? [] }.compactMap(\.doubleValue)
        #expect(zip(numbers(answer["output_probability"]), truth).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test func `class names are texts when the model says so`() async throws {
        let model = try await load("forest_strings")
        #expect(model.signature.classLabels?.contains("setosa") == true)
        let (input, _) = try expected("mlp")
        let label = try #require(try await model.infer(input).tensors.first { $0.type == .bytes })
        #expect(label.text(at: 0) == "setosa")
    }

    @Test func `quick runs stay on the caller's thread once their cost is known`() async throws {
        let cost = RunCost()
        #expect(cost.expected(rows: 1) == nil)
        cost.record(8_000, rows: 1)
        #expect(cost.expected(rows: 1) == 8_000)
        #expect(cost.expected(rows: 2) == nil && cost.expected(rows: 1_000_000_000) == nil)
        for _ in 0..<100 { cost.record(1_000, rows: 1) }
        #expect((1_000...1_100).contains(try #require(cost.expected(rows: 1))))
    }

    @Test func `a file that is no model is refused with the reason`() async throws {
        await #expect { _ = try await load("nothing") } throws: { error in
            [.notFound, .invalidArgument].contains((error as? JidokaError)?.code)
        }
        let runtime = ONNXModelRuntime(pool: BlockingPool(threads: 1), time: SystemTime())
        let artifact = ModelArtifact(model: "m", version: "1", path: fixtures.appending(path: "expected.json").path, flavor: "onnx")
        await #expect { _ = try await runtime.load(artifact) } throws: { ($0 as? JidokaError)?.code == .invalidArgument }
    }

    @Test func `after unloading there are no answers`() async throws {
        let model = try await load("mlp")
        await model.unload()
        let (input, _) = try expected("mlp")
        await #expect(throws: JidokaError.self) { _ = try await model.infer(input) }
    }

    @Test func `many callers share one model`() async throws {
        let model = try await load("forest_zipmap")
        let batched = BatchedModel(model, policy: BatchPolicy(rowsMax: 16, delayMicroseconds: 200, instances: 2), time: SystemTime())
        let (input, outputs) = try expected("forest_zipmap")
        let truth = (outputs["output_label"]?["values"]?.arrayValue ?? []).compactMap(\.doubleValue)
        try await withThrowingTaskGroup(of: (Int, [Double]).self) { group in
            for index in 0..<200 {
                group.addTask {
                    let row = index % 5
                    let answer = try await batched.infer(TensorBatch([input.tensors[0].rows(row..<row + 1)]))
                    return (row, numbers(answer.outputs["output_label"]))
                }
            }
            for try await (row, label) in group { #expect(label == [truth[row]]) }
        }
        #expect(batched.counts.runs < 200, "nothing was joined")
    }
}
