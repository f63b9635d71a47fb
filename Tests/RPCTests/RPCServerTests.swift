import Clockwork
import Errors
import HTTP
import Telemetry
import Testing

@testable import RPC

/// What needs no client; calls themselves are tested with the real ones (`Acceptance/test_grpc.py`).
struct RPCServerTests {
    private func server(port: UInt16) -> RPCServer {
        RPCServer(host: "127.0.0.1", port: port, methods: [], logger: Logger(sink: MemorySink()), metrics: MetricsRegistry())
    }

    @Test func `a taken port is an error that says what to do`() async throws {
        let first = server(port: 0)
        try first.start()
        #expect(first.port > 0)
        let second = server(port: first.port)
        let error = #expect(throws: JidokaError.self) { try second.start() }
        #expect(error?.code == .unavailable && error?.hint?.contains("--grpc-port") == true)
        await first.stop(grace: .zero)
    }

    @Test func `every code of ours has a status of gRPC's`() {
        let codes = ErrorCode.allCases.map { RPCStatus.Code($0) }
        #expect(Set(codes).count == codes.count && !codes.contains(.ok))
        #expect(RPCStatus(JidokaError.notFound("no `x`", hint: "make it")) == RPCStatus(.notFound, "no `x` (make it)"))
        #expect(RPCStatus(CancellationError()).code == .cancelled)
        let hidden = RPCStatus(JidokaError.internal("internal error", cause: JidokaError.notFound("/secret")))
        #expect(hidden == RPCStatus(.internal, "internal error"), "the cause stays hidden")
    }
}
