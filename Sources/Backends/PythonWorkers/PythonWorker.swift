import Clockwork
import Errors
import Glibc
import JSON
import Processes
import Serving

/// How the processes of a model are started.
struct WorkerSettings: Sendable {
    var python: String
    var environment: [String: String]
    /// The model's folder.
    var folder: String
    var log: String
    /// For opening the model; large ones with their libraries take a while.
    var startLimit = Duration.seconds(300)
    /// For one answer.
    var answerLimit = Duration.seconds(60)
}

/// One process that holds a model. Calls block; one thread at a time.
final class PythonWorker: Sendable {
    private let process: ChildProcess
    /// Its exit status, once it has ended.
    let exit: Task<Int, Never>
    private let channel: FrameChannel
    private let memory: SharedMemory
    private let settings: WorkerSettings
    /// What it takes and gives.
    let inputs: [TensorSpec]
    let outputs: [TensorSpec]

    /// Tensors of one request or answer have at most so many bytes.
    private static let memoryMax = 1 << 30

    /// Starts it and waits until the model is open.
    /// - Throws: `failed_precondition` with the model's own words when it cannot be opened.
    init(_ settings: WorkerSettings, time: any TimeSource) throws {
        self.settings = settings
        channel = try FrameChannel(time: time)
        memory = try SharedMemory(label: "jidoka-tensors")
        let script = try SharedMemory(label: "jidoka-worker")
        let text = PackageResources.worker_py
        try script.grow(to: text.count)
        script.bytes.copyBytes(from: text)
        // Python reads a file to its end.
        guard ftruncate(script.descriptor, text.count) == 0 else { throw JidokaError.internal("the worker's text cannot be written") }
        process = try ChildProcess.spawn(
            arguments: [settings.python, "-I", "/proc/self/fd/5", settings.folder], environment: settings.environment, folder: "/",
            log: settings.log, passing: [channel.far, memory.descriptor, script.descriptor])
        channel.closeFar()
        exit = Task { [process] in
            await withCheckedContinuation { continuation in startThread { continuation.resume(returning: process.wait()) } }
        }
        do {
            let late = JidokaError.failedPrecondition(
                "the model was not open after \(settings.startLimit)", hint: "see `\(settings.log)`")
            let told = try JSONDocument(try channel.receive(within: settings.startLimit, late: late)).root
            if let failure = told["error"]?.string {
                throw JidokaError.failedPrecondition(
                    "\(told["kind"]?.string ?? "error"): \(failure)", hint: "see `\(settings.log)`; Python is `\(settings.python)`")
            }
            inputs = try PythonWorker.specs(told["inputs"])
            outputs = try PythonWorker.specs(told["outputs"])
        } catch {
            process.signal(SIGKILL)
            throw (error as? JidokaError)?.code == .unavailable
                ? JidokaError.failedPrecondition("the model's process ended while it opened it", hint: "see `\(settings.log)`") : error
        }
    }

    private static func specs(_ list: JSONCursor?) throws -> [TensorSpec] {
        try (list?.elements ?? []).map { item in
            let parts = item.elements
            guard parts.count == 3, let name = parts[0].string, let type = parts[1].string.flatMap(TensorType.init(rawValue:)) else {
                throw JidokaError.internal("the model's process described a tensor as \(item.value.text)")
            }
            return TensorSpec(name: name, type: type, shape: parts[2].elements.map { Int($0.int ?? -1) })
        }
    }

    /// - Throws: `invalid_argument` when the model refuses the values, `internal` when it fails, `unavailable` when its process has gone or
    ///   did not answer in time: it is then to be replaced.
    func infer(_ batch: TensorBatch) throws -> TensorBatch {
        var request = JSONWriter(capacity: 512)
        request.beginObject()
        request.key("inputs")
        request.beginArray()
        var offset = 0
        let sizes = batch.tensors.map(TensorMemory.size)
        guard sizes.reduce(0, +) <= PythonWorker.memoryMax else {
            throw JidokaError.invalidArgument("the tensors of one request have more than 1 GiB", hint: "send several requests")
        }
        try memory.grow(to: sizes.reduce(0) { TensorMemory.aligned($0 + $1) })
        for (tensor, size) in zip(batch.tensors, sizes) {
            TensorMemory.put(tensor, at: offset, in: memory.bytes)
            TensorMemory.describe(tensor, offset: offset, size: size, to: &request)
            offset = TensorMemory.aligned(offset + size)
        }
        request.endArray()
        request.endObject()
        try channel.send(request.bytes)
        let late = JidokaError.unavailable("the model did not answer within \(settings.answerLimit)", hint: "its process is started again")
        let answer = try JSONDocument(try channel.receive(within: settings.answerLimit, late: late)).root
        if let failure = answer["error"]?.string {
            let text = "\(answer["kind"]?.string ?? "error"): \(failure)"
            throw answer["input"]?.bool == true ? JidokaError.invalidArgument(text) : JidokaError.internal("the model failed: \(text)")
        }
        return TensorBatch(try (answer["outputs"]?.elements ?? []).map(output))
    }

    private func output(_ item: JSONCursor) throws -> Tensor {
        let parts = item.elements
        guard parts.count == 5, let name = parts[0].string, let type = parts[1].string.flatMap(TensorType.init(rawValue:)),
            let offset = parts[3].int.map(Int.init), let size = parts[4].int.map(Int.init), offset >= 0, size >= 0,
            offset + size <= PythonWorker.memoryMax * 2
        else { throw JidokaError.internal("the model's process answered \(item.value.text)") }
        try memory.grow(to: offset + size)
        let shape = parts[2].elements.map { Int($0.int ?? -1) }
        return try TensorMemory.take(name, type, shape, UnsafeRawBufferPointer(rebasing: memory.bytes[offset..<offset + size]))
    }

    /// Ends the process, also one that is asked something just now. It may be called from any thread.
    func stop() {
        channel.shutDown()
        process.signal(SIGKILL)
    }
}
