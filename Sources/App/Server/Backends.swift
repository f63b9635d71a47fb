import Clockwork
import Errors
import Glibc
import PythonWorkers
import SQL
import Telemetry

/// Which engine keeps what: chosen by the scheme of an address.
enum Backends {
    /// The database of a server: what `--backend-store` says, else the home's file.
    static func database(_ settings: ServerSettings) throws -> DatabaseLocation {
        guard let url = settings.backendStore, !url.isEmpty else { return .sqlite(path: settings.home + "/jidoka.db") }
        return try DatabaseLocation(url, folder: settings.project)
    }

    /// Models in the Python that `--python` names, else in that of the project's `.venv`, else in the first on the PATH.
    static func python(
        _ settings: ServerSettings, logs: String, environment: [String: String], time: any TimeSource, logger: Logger
    ) -> PythonModelRuntime {
        let own = "\(settings.project)/.venv/bin/python"
        return PythonModelRuntime(
            python: settings.python ?? (access(own, X_OK) == 0 ? own : "python3"), processes: settings.pythonProcesses,
            logs: "\(logs)/python", environment: environment, time: time, log: logger)
    }
}
