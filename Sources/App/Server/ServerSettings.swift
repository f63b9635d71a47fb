import Addresses
import Errors

/// What a server is started with.
package struct ServerSettings: Sendable {
    /// The folder that holds `jidoka.yaml` and the code of the steps.
    package var project: String
    /// Where all state lies.
    package var home: String
    /// The database, as a URL; nil is a file of the home.
    package var backendStore: String?
    package var host: String
    /// 0 takes any free port.
    package var port: Int
    /// Where gRPC is spoken: 0 nowhere, nil on 8001 when that is free.
    package var grpcPort: Int?
    /// Text of the log level: debug, info, notice, warning, error.
    package var logLevel: String
    package var allowUnauthenticated: Bool
    /// Names of this server beside its loopback names and its numeric addresses; `*` is any.
    package var allowedHosts: [String]
    /// What every path may begin with as well: empty, or `/name`.
    package var staticPrefix: String
    /// Where webhooks may go beside public addresses: host names and blocks of addresses.
    package var webhookAllow: [String]
    /// The Python of models that need one; nil takes the project's `.venv`, else `python3`.
    package var python: String?
    /// Processes of each model version that runs in Python.
    package var pythonProcesses: Int
    /// Where contents are kept: `file:///path`, `s3://bucket/prefix`, or nil for the home folder.
    package var artifactStore: String?
    /// Whether clients may send to and read from a bucket themselves, by addresses that this server signs.
    package var hasDirectTransfers: Bool

    package init(
        project: String, home: String, backendStore: String? = nil, artifactStore: String? = nil, host: String = "127.0.0.1",
        port: Int = 5000, grpcPort: Int? = nil, logLevel: String = "info", allowUnauthenticated: Bool = false, allowedHosts: [String] = [],
        staticPrefix: String = "", python: String? = nil, pythonProcesses: Int = 2, webhookAllow: [String] = [],
        hasDirectTransfers: Bool = true
    ) {
        self.project = project
        self.home = home
        self.backendStore = backendStore
        self.host = host
        self.port = port
        self.grpcPort = grpcPort
        self.logLevel = logLevel
        self.allowUnauthenticated = allowUnauthenticated
        self.allowedHosts = allowedHosts
        self.staticPrefix = staticPrefix
        self.artifactStore = artifactStore
        self.python = python
        self.webhookAllow = webhookAllow
        self.pythonProcesses = pythonProcesses
        self.hasDirectTransfers = hasDirectTransfers
    }

    /// Loopback by default; everyone else only when it is said.
    func check() throws {
        let isPath = staticPrefix.isEmpty || (staticPrefix.hasPrefix("/") && !staticPrefix.hasSuffix("/") && !staticPrefix.contains("//"))
        guard isPath, !staticPrefix.contains(where: { $0.isWhitespace || "?#%{}".contains($0) }) else {
            throw JidokaError.invalidArgument(
                "`\(staticPrefix)` is no prefix of paths", hint: "begin --static-prefix with a slash and end it without one: /mlflow")
        }
        let loopback = host == "localhost" || AddressNumber(host)?.reach == .loopback
        guard loopback || allowUnauthenticated else {
            throw JidokaError.failedPrecondition(
                "binding to \(host) would let everyone on the network in: there is no access control yet",
                hint: "bind to 127.0.0.1, or say --allow-unauthenticated behind a proxy that checks who asks")
        }
    }
}

/// The version of the program.
package let jidokaVersion = "0.1.0"
