package import Clockwork
import Errors
import ONNX
package import Serving

/// Models in ONNX's format, in this process. Runs use one thread each: parallelism comes from the endpoint's instances.
package struct ONNXModelRuntime: ModelRuntime {
    package let flavor = "onnx"
    private let pool: BlockingPool
    private let time: any TimeSource
    private let libraryPath: String?

    /// - Parameters:
    ///   - pool: where models are loaded and where runs go that take long; as many threads as runs shall overlap.
    ///   - libraryPath: ONNX Runtime's shared library; nil searches the usual places.
    package init(pool: BlockingPool, time: any TimeSource, libraryPath: String? = nil) {
        self.pool = pool
        self.time = time
        self.libraryPath = libraryPath
    }

    package func load(_ artifact: ModelArtifact) async throws -> any LoadedModel {
        let libraryPath = libraryPath
        let time = time
        let pool = pool
        return try await pool.run {
            let session = try ONNXSession(path: artifact.path, runtime: try ONNXRuntime.load(pathOverride: libraryPath))
            return try ONNXModel(session, artifact: artifact, pool: pool, time: time)
        }
    }
}
