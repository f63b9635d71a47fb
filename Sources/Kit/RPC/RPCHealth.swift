package import Clockwork
import HTTP
package import Protobuf

/// `grpc.health.v1.Health` (github.com/grpc/grpc, doc/health-checking.md): what Kubernetes' probes and balancers ask.
package struct RPCHealth: Sendable {
    package enum Status: UInt64, Sendable {
        case serving = 1
        case notServing = 2
        /// Told to watchers of a service that is not there.
        case unknown = 3
    }
    private let time: any TimeSource
    private let status: @Sendable (String) -> Status?

    /// - Parameter status: of a service by name, of the whole server for the empty name; nil when there is no such service.
    package init(time: any TimeSource, status: @escaping @Sendable (String) -> Status?) {
        self.time = time
        self.status = status
    }

    /// How often a watcher looks for a change.
    private static let pause = Duration.milliseconds(500)

    package var methods: [RPCMethod] {
        [
            RPCMethod(
                "/grpc.health.v1.Health/Check", permission: .read,
                .unary { message, _ in
                    let service = try RPCHealth.service(message)
                    guard let status = status(service) else { throw RPCStatus(.notFound, "there is no service `\(service)`") }
                    return RPCHealth.answer(status)
                }),
            RPCMethod(
                "/grpc.health.v1.Health/Watch", permission: .read,
                .streaming { call in
                    guard let message = await call.next() else { return }
                    let service = try RPCHealth.service(message)
                    var told: Status?
                    while !call.isDraining {
                        let now = status(service) ?? .unknown
                        if now != told { try await call.send(RPCHealth.answer(now)) }
                        told = now
                        try await time.sleep(for: RPCHealth.pause)
                    }
                    throw RPCStatus(.unavailable, "the server is stopping")
                }),
        ]
    }

    private static func service(_ message: RPCMessage) throws -> String {
        try message.read { reader in
            var service = ""
            while let field = try reader.next() {
                if field == WireField(1, .bytes) { service = try reader.string() } else { try reader.skip(field) }
            }
            return service
        }
    }

    private static func answer(_ status: Status) -> [UInt8] {
        var writer = WireWriter(capacity: 2)
        writer.varint(1, status.rawValue)
        return writer.bytes
    }
}

extension RPCMessage {
    /// Reads the message as protobuf, where it lies.
    package func read<Result>(_ body: (inout WireReader) throws -> Result) throws -> Result {
        try withBytes { try WireReader.read($0, body) }
    }
}
