import Errors

/// What a server is started with.
package struct ServerSettings: Sendable {
    /// The folder that holds `jidoka.yaml` and the code of the steps.
    package var project: String
    /// Where all state lies.
    package var home: String
    package var host: String
    /// 0 takes any free port.
    package var port: Int
    /// Text of the log level: debug, info, notice, warning, error.
    package var logLevel: String
    package var allowUnauthenticated: Bool
    /// Where contents are kept: `file:///path`, `s3://bucket/prefix`, or nil for the home folder.
    package var artifactStore: String?

    package init(
        project: String, home: String, host: String = "127.0.0.1", port: Int = 5000, logLevel: String = "info",
        allowUnauthenticated: Bool = false, artifactStore: String? = nil
    ) {
        self.project = project
        self.home = home
        self.host = host
        self.port = port
        self.logLevel = logLevel
        self.allowUnauthenticated = allowUnauthenticated
        self.artifactStore = artifactStore
    }

    /// Loopback by default; everyone else only when it is said.
    func check() throws {
        let loopback = host == "localhost" || host == "::1" || host.hasPrefix("127.")
        guard loopback || allowUnauthenticated else {
            throw JidokaError.failedPrecondition(
                "binding to \(host) would let everyone on the network in: there is no access control yet",
                hint: "bind to 127.0.0.1, or say --allow-unauthenticated behind a proxy that checks who asks")
        }
    }
}

/// The version of the program.
package let jidokaVersion = "0.1.0"
