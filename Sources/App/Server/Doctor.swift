package import Clockwork
import Columns
import Errors
import Git
import Glibc
import HTTP
package import JSON
import NativeLibraries
import ONNX
package import Outbound
import Telemetry

/// One line of `jidoka doctor`.
package struct DoctorFinding: Sendable, Hashable {
    package enum State: String, Sendable {
        case ok
        /// Not there, and a server runs without it.
        case optional
        /// Not there, and a server needs it.
        case failed
    }

    package var what: String
    /// Version and place; nil when there is nothing.
    package var found: String?
    package var state: State
    /// What is wrong, in words.
    package var problem: String?
    /// The command or step that mends it.
    package var remedy: String?

    package var json: JSONObject {
        [
            "what": .string(what), "state": .string(state.rawValue), "found": JSONValue(found), "problem": JSONValue(problem),
            "remedy": JSONValue(remedy),
        ]
    }
}

/// Examines this machine for what a server with these settings needs. It changes nothing.
package struct Doctor: Sendable {
    private let settings: ServerSettings
    private let server: String
    private let environment: [String: String]
    private let pool: BlockingPool
    private let client: OutboundClient

    /// - Parameter server: the address of the server that commands would ask.
    package init(settings: ServerSettings, server: String, environment: [String: String], pool: BlockingPool, client: OutboundClient) {
        self.settings = settings
        self.server = server
        self.environment = environment
        self.pool = pool
        self.client = client
    }

    package func examine() async -> [DoctorFinding] {
        var findings: [DoctorFinding] = []
        let examinations: [@Sendable () -> DoctorFinding] = [duckDB, onnxRuntime, gitWorkTree, python, home]
        for examination in examinations {
            do { findings.append(try await pool.run(examination)) } catch {
                findings.append(DoctorFinding(what: "examination", state: .failed, problem: JidokaError.wrapping(error).message))
            }
        }
        findings.append(await port())
        findings.append(await reachability())
        return findings
    }

    // MARK: Libraries

    @Sendable private func duckDB() -> DoctorFinding {
        Doctor.library("DuckDB", DuckDBLibrary.locate(), "`scripts/setup native`, or let DUCKDB_LIBRARY name its file")
    }

    @Sendable private func onnxRuntime() -> DoctorFinding {
        Doctor.library("ONNX Runtime", ONNXRuntime.locate(), "`scripts/setup native`, or let ONNXRUNTIME_LIBRARY name its file")
    }

    static func library(_ what: String, _ status: LibraryStatus, _ remedy: String) -> DoctorFinding {
        if let problem = status.problem { return DoctorFinding(what: what, state: .failed, problem: problem, remedy: remedy) }
        return DoctorFinding(what: what, found: [status.version, status.path].compactMap { $0 }.joined(separator: ", "), state: .ok)
    }

    // MARK: Project and machine

    @Sendable private func gitWorkTree() -> DoctorFinding {
        let what = "git work tree"
        do {
            guard let tree = try WorkTree.containing(settings.project) else {
                return DoctorFinding(
                    what: what, state: .optional, problem: "`\(settings.project)` is in none: runs cannot name the code they ran",
                    remedy: "`git init && git add -A && git commit`")
            }
            guard let commit = tree.commit else {
                return DoctorFinding(
                    what: what, found: tree.root, state: .optional, problem: "it has no commit yet: runs cannot name the code they ran",
                    remedy: "`git add -A && git commit`")
            }
            let state = "commit \(commit.prefix(12))\(tree.branch.map { " on \($0)" } ?? "")\(tree.isDirty ? ", with changes" : "")"
            return DoctorFinding(what: what, found: "\(state), \(tree.root)", state: .ok)
        } catch {
            return DoctorFinding(what: what, state: .optional, problem: error.message, remedy: error.hint)
        }
    }

    @Sendable private func python() -> DoctorFinding {
        for folder in (environment["PATH"] ?? "").split(separator: ":") where access("\(folder)/python3", X_OK) == 0 {
            return DoctorFinding(what: "python3", found: "\(folder)/python3", state: .ok)
        }
        return DoctorFinding(
            what: "python3", state: .optional, problem: "there is none on the PATH: steps that are Python scripts cannot run",
            remedy: "`apt-get install python3`, or put yours on the PATH")
    }

    /// The folder itself, or the one that it would be made in.
    @Sendable private func home() -> DoctorFinding {
        var folder = settings.home
        while access(folder, F_OK) != 0, folder.count > 1, let slash = folder.lastIndex(of: "/") {
            folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
        }
        var facts = stat()
        let isFolder = stat(folder, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
        guard isFolder, access(folder, W_OK | X_OK) == 0 else {
            let problem = isFolder ? "`\(folder)` cannot be written" : "`\(folder)` is not a folder"
            return DoctorFinding(
                what: "home folder", found: settings.home, state: .failed, problem: problem,
                remedy: "choose another with --home or JIDOKA_HOME")
        }
        return DoctorFinding(what: "home folder", found: settings.home + (folder == settings.home ? "" : " (will be made)"), state: .ok)
    }

    // MARK: Network

    /// Listens for a moment, as `up` would.
    private func port() async -> DoctorFinding {
        let what = "port \(settings.port)"
        guard let number = UInt16(exactly: settings.port) else {
            return DoctorFinding(what: what, state: .failed, problem: "there is no such port", remedy: "choose one from 0 to 65535")
        }
        let listener = HTTPServer(
            configuration: HTTPServerConfiguration(host: settings.host, port: number), router: Router(),
            unknown: { _, _ in .text("", status: 503) }, logger: Logger(level: .error, sink: MemorySink()), metrics: MetricsRegistry())
        do {
            try listener.start()
            await listener.stop(grace: .zero)
            return DoctorFinding(what: what, found: "free on \(settings.host)", state: .ok)
        } catch {
            let here = "http://\(settings.host):\(settings.port)"
            if let version = await version(of: here) {
                return DoctorFinding(what: what, found: "jidoka \(version) listens there", state: .ok)
            }
            let error = JidokaError.wrapping(error)
            return DoctorFinding(what: what, state: .failed, problem: error.message, remedy: error.hint)
        }
    }

    private func reachability() async -> DoctorFinding {
        if let version = await version(of: server) {
            return DoctorFinding(what: "server", found: "jidoka \(version) at \(server)", state: .ok)
        }
        return DoctorFinding(what: "server", state: .optional, problem: "none answers at \(server)", remedy: "`jidoka up`")
    }

    /// The version that a server of ours tells; nil when none answers there.
    private func version(of address: String) async -> String? {
        var request = OutboundRequest("GET", address + "/api/v1/status")
        request.timeout = .seconds(3)
        request.connectTimeout = .seconds(2)
        do { return try await client.send(request).json()["version"]?.stringValue } catch {
            return nil  // whatever stands in the way, nobody answers
        }
    }
}
