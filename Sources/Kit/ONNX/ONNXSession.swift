internal import CONNX
import Errors
internal import Glibc

/// What an input or an output of a model is.
package struct ONNXValueInfo: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case tensor
        /// A sequence of maps from class label (int64 or string) to probability, as scikit-learn exports write it (ZipMap). `run` answers
        /// it as a float32 tensor `[N, C]` with `classLabels`.
        case sequenceOfMaps(labels: ONNXElementType)
        /// Other sequences, maps and optionals: `run` refuses them.
        case unsupported
    }

    package var name: String
    package var kind: Kind
    /// Of `sequenceOfMaps`: float32, the type that `run` answers.
    package var elementType: ONNXElementType
    /// -1 stands for a dimension of any size.
    package var shape: [Int]

    package init(name: String, kind: Kind, elementType: ONNXElementType, shape: [Int]) {
        self.name = name
        self.kind = kind
        self.elementType = elementType
        self.shape = shape
    }
}

/// A loaded model. Runs may overlap. Loading and running block: call them on a `BlockingPool` or a thread of one's own.
package final class ONNXSession: @unchecked Sendable {  // the library lets any number of threads run one session
    package struct Options: Sendable {
        /// Threads that one run may use.
        package var intraOpThreads: Int
        /// Whether waiting threads burn processor time to answer a little sooner.
        package var allowSpinning: Bool
        /// Whether the session keeps the largest memory it ever needed for itself, which saves allocations in each run.
        package var memoryArena: Bool

        package init(intraOpThreads: Int = 1, allowSpinning: Bool = false, memoryArena: Bool = false) {
            self.intraOpThreads = intraOpThreads
            self.allowSpinning = allowSpinning
            self.memoryArena = memoryArena
        }
    }

    package let inputs: [ONNXValueInfo]
    package let outputs: [ONNXValueInfo]
    let runtime: ONNXRuntime
    let handle: OrtSession?
    /// C texts of the names, in the order of `inputs` and `outputs`, kept for as long as the session.
    let inputNames: CNames
    let outputNames: CNames

    /// Loads a model file. Throws `unavailable` without the library, `not_found` without the file, `invalid_argument` for a bad model.
    package convenience init(path: String, options: Options = Options(), runtime: ONNXRuntime? = nil) throws {
        try self.init(options, runtime) { runtime, settings, handle in
            try check(ort_CreateSession(runtime.environment, path, settings, &handle), "load the model `\(path)`")
        }
    }

    /// Loads a model from its bytes, which are not kept.
    package convenience init(bytes: [UInt8], options: Options = Options(), runtime: ONNXRuntime? = nil) throws {
        try self.init(options, runtime) { runtime, settings, handle in
            try bytes.withUnsafeBytes {
                try check(
                    ort_CreateSessionFromArray(runtime.environment, $0.baseAddress, $0.count, settings, &handle), "load the model")
            }
        }
    }

    private init(
        _ options: Options, _ runtime: ONNXRuntime?, create: (ONNXRuntime, OrtSessionOptions?, inout OrtSession?) throws -> Void
    ) throws {
        let runtime = try runtime ?? ONNXRuntime.load()
        let settings = try ONNXSession.settings(options)
        defer { ort_ReleaseSessionOptions(settings) }
        var handle: OrtSession?
        try create(runtime, settings, &handle)
        do {
            inputs = try ONNXSession.describe(
                handle, runtime, ort_SessionGetInputCount, ort_SessionGetInputName, ort_SessionGetInputTypeInfo)
            outputs = try ONNXSession.describe(
                handle, runtime, ort_SessionGetOutputCount, ort_SessionGetOutputName, ort_SessionGetOutputTypeInfo)
        } catch {
            ort_ReleaseSession(handle)
            throw error
        }
        self.runtime = runtime
        self.handle = handle
        inputNames = CNames(inputs.map(\.name))
        outputNames = CNames(outputs.map(\.name))
    }

    deinit {
        ort_ReleaseSession(handle)
        jidoka_ort_trim_memory()  // gives the model's memory back to the system now, not at some later allocation
    }

    private static func settings(_ options: Options) throws -> OrtSessionOptions? {
        var settings: OrtSessionOptions?
        try check(ort_CreateSessionOptions(&settings), "make the model's settings")
        do {
            try check(ort_SetIntraOpNumThreads(settings, Int32(clamping: max(1, options.intraOpThreads))), "set the number of threads")
            try check(ort_SetInterOpNumThreads(settings, 1), "set the number of threads")
            try check(ort_SetSessionGraphOptimizationLevel(settings, 99), "set the optimisation")
            let spin = options.allowSpinning ? "1" : "0"
            try check(ort_AddSessionConfigEntry(settings, "session.intra_op.allow_spinning", spin), "set spinning")
            try check(ort_AddSessionConfigEntry(settings, "session.inter_op.allow_spinning", spin), "set spinning")
            if !options.memoryArena { try check(ort_DisableCpuMemArena(settings), "set the memory") }
        } catch {
            ort_ReleaseSessionOptions(settings)
            throw error
        }
        return settings
    }

    private static func describe(
        _ handle: OrtSession?, _ runtime: ONNXRuntime, _ count: (OrtSession?, UnsafeMutablePointer<Int>?) -> OrtStatus?,
        _ name: (OrtSession?, Int, OrtAllocator?, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> OrtStatus?,
        _ type: (OrtSession?, Int, UnsafeMutablePointer<OrtTypeInfo?>?) -> OrtStatus?
    ) throws -> [ONNXValueInfo] {
        var total = 0
        try check(count(handle, &total), "read the model's description")
        return try (0..<total).map { index in
            var text: UnsafeMutablePointer<CChar>?
            try check(name(handle, index, runtime.allocator, &text), "read the model's description")
            let valueName = text.map { String(cString: $0) } ?? ""
            try check(ort_AllocatorFree(runtime.allocator, text), "read the model's description")
            var info: OrtTypeInfo?
            try check(type(handle, index, &info), "read the model's description")
            defer { ort_ReleaseTypeInfo(info) }
            return try ONNXValueInfo(name: valueName, info)
        }
    }
}

extension ONNXValueInfo {
    fileprivate init(name: String, _ info: OrtTypeInfo?) throws {
        self.init(name: name, kind: .unsupported, elementType: .float32, shape: [])
        let doing = "read the type of `\(name)`"
        var onnxType: Int32 = 0
        try check(ort_GetOnnxTypeFromTypeInfo(info, &onnxType), doing)
        if onnxType == 1 {
            var tensor: OrtTensorInfo?
            try check(ort_CastTypeInfoToTensorInfo(info, &tensor), doing)
            guard let type = try elementTypeAndShape(tensor) else { return }
            (elementType, shape) = type
            kind = .tensor
        } else if onnxType == 2 {
            var sequence: OrtSequenceInfo?
            try check(ort_CastTypeInfoToSequenceTypeInfo(info, &sequence), doing)
            var element: OrtTypeInfo?
            try check(ort_GetSequenceElementType(sequence, &element), doing)
            defer { ort_ReleaseTypeInfo(element) }
            var elementOnnxType: Int32 = 0
            try check(ort_GetOnnxTypeFromTypeInfo(element, &elementOnnxType), doing)
            guard elementOnnxType == 3 else { return }
            var map: OrtMapInfo?
            try check(ort_CastTypeInfoToMapTypeInfo(element, &map), doing)
            var key: Int32 = 0
            try check(ort_GetMapKeyType(map, &key), doing)
            guard let label = ONNXElementType(rawValue: key), label == .int64 || label == .string else { return }
            kind = .sequenceOfMaps(labels: label)
            shape = [-1, -1]
        }
    }
}

/// Type and dimensions of a tensor's description; nil for a type that has no case here.
func elementTypeAndShape(_ info: OrtTensorInfo?) throws -> (ONNXElementType, [Int])? {
    var type: Int32 = 0
    var rank = 0
    try check(ort_GetTensorElementType(info, &type), "read a tensor's type")
    try check(ort_GetDimensionsCount(info, &rank), "read a tensor's shape")
    var shape = [Int64](repeating: 0, count: rank)
    try check(ort_GetDimensions(info, &shape, rank), "read a tensor's shape")
    return ONNXElementType(rawValue: type).map { ($0, shape.map(Int.init)) }
}

/// Names as C texts, alive as long as this object.
final class CNames: @unchecked Sendable {  // written once, before anyone else sees it
    let pointers: [UnsafePointer<CChar>?]

    init(_ names: [String]) { pointers = names.map { name in UnsafePointer(strdup(name)) } }

    deinit {
        for pointer in pointers { free(UnsafeMutablePointer(mutating: pointer)) }
    }
}
