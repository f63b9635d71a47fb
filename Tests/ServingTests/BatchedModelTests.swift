import Clockwork
import Conformance
import Errors
import Synchronization
import Testing

@testable import Serving

private func row(_ value: Float, rows: Int = 1) -> TensorBatch {
    TensorBatch([Tensor(name: "X", shape: [rows, 4], floats: Array(repeating: value, count: 4 * rows))])
}

private func labels(_ answer: BatchAnswer) -> [Int] {
    let label = answer.outputs.tensors[0]
    return (0..<label.rows).map { Int(label.number(at: $0) ?? -1) }
}

/// A gate that tests open: models wait in front of it.
private final class Door: Sendable {
    private struct State {
        var open = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())
    func pass() async {
        await withCheckedContinuation { continuation in
            let open = state.withLock { state in
                if !state.open { state.waiting.append(continuation) }
                return state.open
            }
            if open { continuation.resume() }
        }
    }
    func open() {
        let waiting = state.withLock { state in
            state.open = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
    var count: Int { state.withLock { $0.waiting.count } }
}

struct BatchedModelTests {
    private func model(
        _ policy: BatchPolicy, _ runtime: SimulatedModelRuntime = SimulatedModelRuntime(),
        _ version: SimulatedModelRuntime.Version = .classifier()
    ) async throws -> BatchedModel {
        runtime.add("m", "1", version)
        return BatchedModel(
            try await runtime.load(try await runtime.artifact(model: "m", version: "1")), policy: policy, time: SystemTime())
    }

    @Test func `requests that wait are joined, and everyone gets their own rows`() async throws {
        let runtime = SimulatedModelRuntime()
        let door = Door()
        let batched = try await model(BatchPolicy(rowsMax: 8, instances: 1), runtime, .classifier { await door.pass() })
        try await withThrowingTaskGroup(of: (Int, [Int]).self) { group in
            group.addTask { (0, labels(try await batched.infer(row(0)))) }
            while door.count == 0 { await Task.yield() }
            for index in 1...12 { group.addTask { (index, labels(try await batched.infer(row(Float(index))))) } }
            while batched.depth < 12 { await Task.yield() }
            door.open()
            for try await (index, labels) in group { #expect(labels == [index * 4]) }
        }
        #expect(runtime.batchRows == [1, 8, 4])
        let counts = batched.counts
        #expect(counts.rows == 13 && counts.runs == 3 && counts.successes.count == 13 && counts.failures.count == 0)
        #expect(counts.runsByRows.mapValues(\.count) == [1: 1, 8: 1, 4: 1])
    }

    @Test func `requests of several rows keep their rows together`() async throws {
        let batched = try await model(BatchPolicy(rowsMax: 64, delayMicroseconds: 2_000, instances: 1))
        try await withThrowingTaskGroup(of: (Int, [Int]).self) { group in
            for index in 1...20 { group.addTask { (index, labels(try await batched.infer(row(Float(index), rows: index % 5 + 1)))) } }
            for try await (index, labels) in group { #expect(labels == Array(repeating: index * 4, count: index % 5 + 1)) }
        }
    }

    @Test func `a delay ends by its timer`() async throws {
        let runtime = SimulatedModelRuntime()
        let batched = try await model(BatchPolicy(rowsMax: 64, delayMicroseconds: 500), runtime)
        let answer = try await batched.infer(row(1))
        #expect(labels(answer) == [4])
        #expect(answer.queueNanoseconds >= 500_000)
        #expect(runtime.batchRows == [1])
    }

    @Test func `one caller's bad values do not fail the others`() async throws {
        let door = Door()
        let good = SimulatedModelRuntime.Version.classifier { await door.pass() }
        let picky = SimulatedModelRuntime.Version(signature: good.signature) { batch in
            let answer = try await good.infer(batch)
            for index in 0..<batch.tensors[0].storedCount where batch.tensors[0].number(at: index) == 666 {
                throw JidokaError.invalidArgument("666 is not allowed")
            }
            return answer
        }
        let batched = try await model(BatchPolicy(rowsMax: 8, instances: 1), SimulatedModelRuntime(), picky)
        let outcomes = await withTaskGroup(of: (Float, Bool).self) { group in
            group.addTask { (0, (try? await batched.infer(row(0))) != nil) }
            while door.count == 0 { await Task.yield() }
            for value in [1, 666, 2] as [Float] { group.addTask { (value, (try? await batched.infer(row(value))) != nil) } }
            while batched.depth < 3 { await Task.yield() }
            door.open()
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(outcomes == [0: true, 1: true, 666: false, 2: true])
        #expect(batched.counts.failures.count == 1)
    }

    @Test func `a model that does not keep rows apart is found out and no longer batched`() async throws {
        let runtime = SimulatedModelRuntime()
        let door = Door()
        let spec = SimulatedModelRuntime.Version.classifier().signature
        let summing = SimulatedModelRuntime.Version(signature: spec) { batch in
            await door.pass()
            return TensorBatch([Tensor(name: "label", type: .int64, shape: [1], elements: [Int64(batch.rows)])])
        }
        let batched = try await model(BatchPolicy(rowsMax: 8, instances: 1), runtime, summing)
        await withTaskGroup(of: [Int].self) { group in
            group.addTask { (try? await batched.infer(row(0))).map(labels) ?? [] }
            while door.count == 0 { await Task.yield() }
            for _ in 0..<4 { group.addTask { (try? await batched.infer(row(1))).map(labels) ?? [] } }
            while batched.depth < 4 { await Task.yield() }
            door.open()
            for await answer in group { #expect(answer == [1]) }
        }
        #expect(runtime.batchRows == [1, 4, 1, 1, 1, 1])
    }

    @Test func `a request that waits too long is told so`() async throws {
        let door = Door()
        let batched = try await model(BatchPolicy(rowsMax: 1, instances: 1), SimulatedModelRuntime(), .classifier { await door.pass() })
        async let first = batched.infer(row(1))
        while door.count == 0 { await Task.yield() }
        await #expect { _ = try await batched.infer(row(2), timeoutMicroseconds: 1_000) } throws: { error in
            (error as? JidokaError)?.code == .unavailable && (error as? JidokaError)?.message == "Request timeout expired"
        }
        door.open()
        #expect(labels(try await first) == [4])
    }

    @Test func `a caller that leaves takes its request out of the queue`() async throws {
        let runtime = SimulatedModelRuntime()
        let door = Door()
        let batched = try await model(BatchPolicy(rowsMax: 1, instances: 1), runtime, .classifier { await door.pass() })
        let first = Task { labels(try await batched.infer(row(0))) }
        while door.count == 0 { await Task.yield() }
        let leaving = Task { try await batched.infer(row(1)) }
        while batched.depth == 0 { await Task.yield() }
        leaving.cancel()
        await #expect(throws: CancellationError.self) { try await leaving.value }
        #expect(batched.depth == 0)
        door.open()
        #expect(try await first.value == [0])
        #expect(labels(try await batched.infer(row(2))) == [8], "those after it are answered")
        #expect(runtime.batchRows.count == 2, "the request that was left did not run")
        #expect(batched.counts.failures.count == 0)
    }

    @Test func `a caller that is already gone does not run`() async throws {
        let runtime = SimulatedModelRuntime()
        let door = Door()
        let batched = try await model(BatchPolicy(rowsMax: 1, instances: 1), runtime, .classifier { await door.pass() })
        let first = Task { labels(try await batched.infer(row(0))) }
        while door.count == 0 { await Task.yield() }
        let gone = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await batched.infer(row(1))
        }
        gone.cancel()
        await #expect(throws: CancellationError.self) { try await gone.value }
        door.open()
        #expect(try await first.value == [0])
        #expect(runtime.batchRows.count == 1)
    }
}
