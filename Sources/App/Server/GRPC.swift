import Clockwork
import Errors
import JSON
import OpenInferenceAPI
import RPC
import Telemetry
import TensorFlowServingAPI

/// The gRPC side of a server: every protocol that is spoken over it, on one port.
extension Composition {
    /// The port that Triton and KServe have.
    static let grpcPort = 8_001

    /// The running gRPC server; nil where it is turned off, and where nobody asked for a port and the usual one is taken.
    /// - Throws: `unavailable` when the port that was asked for is taken.
    func startGRPC() throws -> RPCServer? {
        let wanted = settings.grpcPort ?? Composition.grpcPort
        guard wanted > 0 else { return nil }
        let openInference = openInference
        let time = SystemTime()
        let health = RPCHealth(time: time) { service in
            guard ["", OpenInference.service].contains(service) else { return nil }
            return openInference.isServing ? .serving : .notServing
        }
        let server = RPCServer(
            host: settings.host, port: UInt16(wanted),
            methods: openInference.methods + TensorFlowServingRPC(serving: serving).methods + health.methods
                + RPCReflection([OpenInference.schema]).methods,
            logger: logger, metrics: metrics, time: time)
        do { try server.start() } catch {
            guard settings.grpcPort == nil else { throw error }
            logger.notice(
                "gRPC is off: its usual port is taken", [("port", .int(Int64(wanted))), ("what to do", "choose one: --grpc-port")])
            return nil
        }
        return server
    }
}
