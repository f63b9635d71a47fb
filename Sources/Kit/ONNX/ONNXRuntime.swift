internal import CONNX
import Errors
package import NativeLibraries
import Synchronization

/// ONNX Runtime's shared library and its one environment: loaded at the first use, once per process.
package final class ONNXRuntime: @unchecked Sendable {  // the handles never change, and the library lets any thread use them
    let environment: OrtEnv?
    /// The library's own allocator, which is never released.
    let allocator: OrtAllocator?
    /// Says "this machine's memory" when tensors are made around memory of ours.
    let memory: OrtMemoryInfo?
    private let loadedFrom: String

    /// Where it is looked for, by the environment and the place of this program; `pathOverride` stands before all.
    package static func search(pathOverride: String? = nil) -> NativeLibrary {
        NativeLibrary(
            name: "ONNX Runtime", variable: "ONNXRUNTIME_LIBRARY", fileName: "libonnxruntime.so.1", cacheFolder: "onnxruntime",
            environment: { pathOverride ?? NativeLibrary.environment($0) })
    }

    private static let loaded = Mutex<ONNXRuntime?>(nil)

    /// The runtime, loaded unless it is there. Throws `unavailable` with the places that were tried.
    @discardableResult
    package static func load(pathOverride: String? = nil) throws -> ONNXRuntime {
        let search = search(pathOverride: pathOverride)
        return try loaded.withLock { loaded in
            if let loaded, search.override == nil || search.override == loaded.loadedFrom { return loaded }
            let path = try search.load(open)
            let runtime = try loaded ?? ONNXRuntime(loadedFrom: path)
            loaded = runtime
            return runtime
        }
    }

    /// Where the library is and which release it is, or why it cannot be had; loads it to find out.
    package static func locate(pathOverride: String? = nil) -> LibraryStatus {
        do {
            try load(pathOverride: pathOverride)
        } catch {
            return LibraryStatus(path: nil, version: nil, problem: JidokaError.wrapping(error).message)
        }
        return LibraryStatus(
            path: jidoka_ort_loaded_path().map { String(cString: $0) }, version: String(cString: jidoka_ort_version()), problem: nil)
    }

    private init(loadedFrom: String) throws {
        self.loadedFrom = loadedFrom
        var environment: OrtEnv?
        var allocator: OrtAllocator?
        var memory: OrtMemoryInfo?
        // Level 4 is fatal errors only: what goes wrong comes back as a status and is told once, by us.
        try check(ort_CreateEnv(4, "jidoka", &environment), "start ONNX Runtime")
        try check(ort_GetAllocatorWithDefaultOptions(&allocator), "start ONNX Runtime")
        try check(ort_CreateCpuMemoryInfo(0, 0, &memory), "start ONNX Runtime")
        self.environment = environment
        self.allocator = allocator
        self.memory = memory
    }

    deinit {
        ort_ReleaseMemoryInfo(memory)
        ort_ReleaseEnv(environment)
    }

    private static func open(_ path: String) -> String? {
        var reason = [CChar](repeating: 0, count: 1_024)
        if jidoka_ort_load(path, &reason, reason.count) { return nil }
        return String(decoding: reason.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// Turns a status of the library into the one error value. `doing` completes "could not …".
func check(_ status: OrtStatus?, _ doing: @autoclosure () -> String) throws {
    guard let status else { return }
    defer { ort_ReleaseStatus(status) }
    let reason = ort_GetErrorMessage(status).map { String(cString: $0) } ?? "no reason given"
    let message = "could not \(doing()): \(reason)"
    switch ort_GetErrorCode(status) {
    case 2: throw JidokaError(.invalidArgument, message)
    case 3: throw JidokaError(.notFound, message, hint: "check the path of the model file")
    case 4, 7, 10: throw JidokaError(.invalidArgument, message, hint: "export the model again as ONNX; the file may be cut short")
    case 9: throw JidokaError(.failedPrecondition, message, hint: "export the model with an older opset, or use a newer ONNX Runtime")
    default: throw JidokaError(.internal, message)
    }
}
