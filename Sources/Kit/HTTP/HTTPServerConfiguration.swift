/// Where the server listens and what it bears. Every limit has a stated default.
package struct HTTPServerConfiguration: Sendable {
    /// A name or a numeric IPv4 or IPv6 address.
    package var host = "127.0.0.1"
    /// 0 takes a free port; `HTTPServer.port` tells which.
    package var port: UInt16 = 0
    /// Event-loop threads; nil is one for each core.
    package var threads: Int?
    /// Open connections; further ones wait in the listen queue.
    package var connectionsMax = 1_024
    /// Request bodies declared or found to be longer are refused with 413. Handlers collect with narrower limits of their own.
    package var bodyBytesMax = 8 << 30
    /// Bodies up to this length are gathered before the handler starts and handed over as `.bytes`; longer ones are streamed.
    package var gatherBytesMax = 1 << 20
    /// A compressed body may always grow to this length; beyond it, to at most `inflateRatioMax` times what was received.
    package var inflateFreeBytes = 16 << 20
    package var inflateRatioMax = 200
    /// From the first byte of a request (or the opening of the connection) to the end of its header.
    package var headerSecondsMax = 15.0
    /// For the whole of a gathered body.
    package var bodySecondsMax = 60.0
    /// A connection on which nothing moves for so long is closed.
    package var idleSeconds = 75
    /// Whether replies to this machine itself are compressed too when the client accepts it: work for nothing unless a test wants it.
    package var compressLoopback = false

    package init() {}

    package init(host: String = "127.0.0.1", port: UInt16) {
        self.host = host
        self.port = port
    }
}
