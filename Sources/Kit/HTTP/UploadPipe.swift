import Errors
import Synchronization

/// A request body on its way from the event-loop thread to the handler, with at most `capacity` bytes between them.
final class UploadPipe: Sendable {
    private struct State {
        var buffer: [UInt8]
        var demanded = false
        var ended = false
        var failure: (any Error)?
        var waiter: CheckedContinuation<[UInt8]?, any Error>?
    }
    private let state: Mutex<State>
    private let gate: Gate
    private static let capacity = 256 << 10

    init(gate: Gate, begin: [UInt8] = []) {
        self.gate = gate
        state = Mutex(State(buffer: begin))
    }

    /// The handler has asked for the body: only then is it let in, so that a handler that refuses answers before a byte is sent.
    var demanded: Bool { state.withLock { $0.demanded } }
    var hasRoom: Bool { state.withLock { $0.failure != nil || $0.buffer.count < UploadPipe.capacity } }

    /// Event-loop thread. False when the pipe is full: offer again after `hasRoom`. After a failure everything is taken and dropped.
    func offer(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let (waiter, taken): (CheckedContinuation<[UInt8]?, any Error>?, Bool) = state.withLock { state in
            if state.failure != nil { return (nil, true) }
            if let waiter = state.waiter {
                state.waiter = nil
                return (waiter, true)
            }
            guard state.buffer.count < UploadPipe.capacity else { return (nil, false) }
            state.buffer.append(contentsOf: bytes)
            return (nil, true)
        }
        waiter?.resume(returning: Array(bytes))
        return taken
    }

    func end() {
        let waiter = state.withLock { state in
            state.ended = true
            return state.waiter.take()
        }
        waiter?.resume(returning: nil)
    }

    /// Reading throws `failure` from now on.
    func fail(_ failure: any Error) {
        let waiter: CheckedContinuation<[UInt8]?, any Error>? = state.withLock { state in
            if state.ended { return nil }
            if state.failure == nil { state.failure = failure }
            state.buffer = []
            return state.waiter.take()
        }
        waiter?.resume(throwing: failure)
        gate.wake()
    }

    /// The next chunk: all that has come, or the wait for more; nil at the end.
    @Sendable func next() async throws -> [UInt8]? {
        let (chunk, wake): ([UInt8]?, Bool) = try state.withLock { state in
            let first = !state.demanded
            state.demanded = true
            if let failure = state.failure { throw failure }
            guard !state.buffer.isEmpty else { return (nil, first) }
            let full = state.buffer.count >= UploadPipe.capacity
            let chunk = state.buffer
            state.buffer = []
            return (chunk, first || full)
        }
        if wake { gate.wake() }
        if let chunk { return chunk }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in wait(continuation) }
        } onCancel: {
            fail(CancellationError())
        }
    }

    private func wait(_ continuation: CheckedContinuation<[UInt8]?, any Error>) {
        let ready: Result<[UInt8]?, any Error>? = state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            if !state.buffer.isEmpty {
                defer { state.buffer = [] }
                return .success(state.buffer)
            }
            if state.ended { return .success(nil) }
            precondition(state.waiter == nil, "a request body is read by one task at a time")
            state.waiter = continuation
            return nil
        }
        if let ready {
            continuation.resume(with: ready)
            gate.wake()
        }
    }
}
