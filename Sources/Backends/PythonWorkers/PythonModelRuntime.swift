package import Clockwork
import Errors
import Glibc
package import Serving
package import Telemetry

/// Any model with MLflow's `python_function` flavor, in a pool of processes of the team's own Python, never in this one.
///
/// A process has no privileges (as root it becomes `nobody`), none of this server's descriptors and settings, and ends with the server.
package struct PythonModelRuntime: ModelRuntime {
    package let flavor = "python_function"
    private let python: String
    private let processes: Int
    private let logs: String
    private let environment: [String: String]
    private let time: any TimeSource
    private let log: Logger

    /// - Parameters:
    ///   - python: the interpreter, with `mlflow` (or `mlflow-skinny` and pandas) and the model's own libraries.
    ///   - processes: of each model version; each holds the model in its memory.
    ///   - logs: the folder of what the processes print.
    ///   - environment: of the server; only what says where programs and libraries lie is handed on.
    package init(
        python: String, processes: Int = 2, logs: String, environment: [String: String], time: any TimeSource, log: Logger
    ) {
        self.python = python
        self.processes = max(1, processes)
        self.logs = logs
        self.environment = PythonModelRuntime.handedOn(environment)
        self.time = time
        self.log = log
    }

    private static func handedOn(_ environment: [String: String]) -> [String: String] {
        var kept = environment.filter { name, _ in ["PATH", "LD_LIBRARY_PATH", "LANG", "TZ", "CUDA_VISIBLE_DEVICES"].contains(name) }
        kept["HOME"] = "/tmp"
        // One thread each: the pool is what runs side by side.
        for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] { kept[name] = "1" }
        for name in ["MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK"] { kept[name] = "true" }
        return kept
    }

    package func load(_ artifact: ModelArtifact) async throws -> any LoadedModel {
        mkdir(logs, 0o755)
        let settings = WorkerSettings(
            python: python, environment: environment, folder: artifact.path,
            log: "\(logs)/\(PythonModelRuntime.fileName(artifact.model))-\(artifact.version).log")
        let pool = BlockingPool(threads: processes)
        let workers = try await withThrowingTaskGroup(of: PythonWorker.self) { group in
            for _ in 0..<processes {
                group.addTask { [time] in try await pool.run { try PythonWorker(settings, time: time) } }
            }
            var workers: [PythonWorker] = []
            do { for try await worker in group { workers.append(worker) } } catch {
                while let more = await group.nextResult() { if case .success(let worker) = more { workers.append(worker) } }
                for worker in workers { worker.stop() }
                for worker in workers { _ = await worker.exit.value }
                throw error
            }
            return workers
        }
        let model = PythonModel(workers, settings, artifact: artifact, pool: pool, time: time, log: log)
        for (slot, worker) in workers.enumerated() { model.watch(worker, in: slot) }
        return model
    }

    /// A model's name as part of a file's name.
    private static func fileName(_ model: String) -> String {
        String(model.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "_" }.prefix(100))
    }
}
