import CGRPC
import Clockwork
import Synchronization

/// One call of a client, from its opening to its end.
///
/// The handler's task is cancelled when the client leaves or its deadline passes. gRPC keeps the call until it is finished, which happens
/// when the handler returns: so the handle below is valid for as long as the handler runs.
package final class RPCCall: Sendable {
    private struct Handle: @unchecked Sendable {  // gRPC's calls may be made from any thread; reads and writes come one after the other
        let call: OpaquePointer
    }
    private struct State {
        var task: Task<Void, Never>?
        var isCancelled = false
        var isDraining = false
        var reading: CheckedContinuation<RPCMessage?, Never>?
        var writing: CheckedContinuation<Bool, Never>?
    }
    private let handle: Handle
    private let server: RPCServerCore
    private let method: RPCMethod?
    private let state = Mutex(State())
    private let opened: UInt64

    init(_ call: OpaquePointer, server: RPCServerCore) {
        handle = Handle(call: call)
        self.server = server
        opened = server.time.steadyNanoseconds()
        var count = 0
        let name = jidoka_rpc_method(call, &count)
        path = RPCCall.text(name, count)
        method = server.methods[path]
    }

    /// The method that was called.
    package let path: String

    /// Metadata of the client, by a name in lower case.
    package func metadata(_ name: String) -> String? {
        var count = 0
        return jidoka_rpc_metadata(handle.call, name, &count).map { RPCCall.text($0, count) }
    }

    /// Microseconds until the client stops waiting; nil when it does not say.
    package var microsecondsLeft: Int? {
        let left = jidoka_rpc_time_left(handle.call)
        return left < 0 ? nil : Int(left)
    }

    private static func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
        start.map { String(decoding: UnsafeRawBufferPointer(start: $0, count: count), as: UTF8.self) } ?? ""
    }

    // MARK: For streaming handlers; one reader and one writer at a time

    /// The client's next message; nil when it sends no more or is gone, and when the server stops.
    package func next() async -> RPCMessage? {
        await withCheckedContinuation { continuation in
            let isEnding = state.withLock { state in
                if !state.isDraining { state.reading = continuation }
                return state.isDraining
            }
            if isEnding { continuation.resume(returning: nil) } else { jidoka_rpc_read(handle.call) }
        }
    }

    /// Whether the server stops: a handler that would go on for ever ends now.
    package var isDraining: Bool { state.withLock { $0.isDraining } }

    /// Takes no more messages; what was taken is answered.
    func drain() {
        let waiting = state.withLock { state in
            state.isDraining = true
            return state.reading.take()
        }
        waiting?.resume(returning: nil)
    }

    /// Sends a message, and returns when it is on its way. - Throws: `CancellationError` when the client is gone.
    package func send(_ message: [UInt8]) async throws {
        let isSent = await withCheckedContinuation { continuation in
            state.withLock { $0.writing = continuation }
            Owned(message).pass { jidoka_rpc_write(handle.call, $0, $1, $2, $3) }
        }
        if !isSent { throw CancellationError() }
    }

    // MARK: gRPC's callbacks

    func open() {
        server.metrics.begin()
        switch method?.handler {
        case nil: finish(RPCStatus(.unimplemented, "the method `\(path)` is not known"))
        case .unary: jidoka_rpc_read(handle.call)
        case .streaming(let handler):
            server.streams.withLock { $0[ObjectIdentifier(self)] = self }
            start { call in
                do {
                    try await call.authorise()
                    try await handler(call)
                    call.finish(RPCStatus(.ok, ""))
                } catch { call.finish(call.told(error)) }
            }
        }
    }

    func received(_ message: RPCMessage?) {
        if case .unary(let handler) = method?.handler {
            guard let message else { return finish(RPCStatus(.invalidArgument, "the call holds no message")) }
            start { call in
                do {
                    try await call.authorise()
                    call.answer(try await handler(message, call))
                } catch { call.finish(call.told(error)) }
            }
            return
        }
        let waiting = state.withLock { $0.reading.take() }
        waiting?.resume(returning: message)
    }

    func written(_ ok: Bool) {
        let waiting = state.withLock { $0.writing.take() }
        waiting?.resume(returning: ok)
    }

    func cancelled() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
    }

    /// The handler runs on this thread until it waits for the first time.
    private func start(_ body: @escaping @Sendable (RPCCall) async -> Void) {
        let task = Task.immediate { await body(self) }
        let isCancelled = state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
    }

    private func authorise() async throws { if let method { try await server.authoriser.authorise(self, for: method) } }

    private func told(_ error: any Error) -> RPCStatus {
        let status = RPCStatus(error)
        if status.code == .internal { server.failed(self, error) }
        return status
    }

    private func answer(_ bytes: [UInt8]) {
        guard bytes.count <= server.messageMax else {
            return finish(RPCStatus(.resourceExhausted, "the answer has \(bytes.count) bytes; \(server.messageMax) is the limit"))
        }
        server.ended(self, .ok, since: opened, bytes: bytes.count)
        Owned(bytes).pass { jidoka_rpc_answer(handle.call, $0, $1, $2, $3) }
    }

    private func finish(_ status: RPCStatus) {
        server.ended(self, status.code, since: opened, bytes: 0)
        var message = status.message
        message.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) {
                jidoka_rpc_finish(handle.call, Int32(status.code.rawValue), $0.baseAddress, $0.count)
            }
        }
    }
}

/// Bytes that gRPC reads where they lie, and gives back.
private final class Owned: Sendable {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// An array's elements stay where they are for as long as it is neither changed nor released: this object does the first never, and
    /// the second when gRPC lets go of it.
    func pass(
        to take: (UnsafePointer<UInt8>?, Int, UnsafeMutableRawPointer, @escaping @convention(c) (UnsafeMutableRawPointer?) -> Void) -> Void
    ) {
        let owner = Unmanaged.passRetained(self).toOpaque()
        bytes.withUnsafeBufferPointer { take($0.baseAddress, $0.count, owner, releaseOwned) }
    }
}

private let releaseOwned: @convention(c) (UnsafeMutableRawPointer?) -> Void = { owner in
    if let owner { Unmanaged<Owned>.fromOpaque(owner).release() }
}
