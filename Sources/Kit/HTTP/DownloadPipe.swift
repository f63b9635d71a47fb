import Synchronization

/// A streamed reply on its way from the handler to the event-loop thread, with at most `capacity` bytes and one write between them.
final class DownloadPipe: HTTPBodyWriter {
    enum Piece {
        case bytes(Int)
        case nothingYet
        case end
        case broken
    }
    private struct State {
        var buffer: [UInt8] = []
        /// Bytes of `buffer` that are sent already.
        var sent = 0
        var total = 0
        var ended = false
        var broken = false
        /// The client has left or the server stops: the writer is told.
        var closed = false
        var waiter: CheckedContinuation<Void, any Error>?
    }
    private let state = Mutex(State())
    private let gate: Gate
    private static let capacity = 256 << 10

    init(gate: Gate) { self.gate = gate }

    /// Bytes given to the connection so far.
    var total: Int { state.withLock { $0.total } }
    var hasNews: Bool {
        state.withLock { $0.sent < $0.buffer.count || $0.ended || $0.broken }
    }

    package func write(_ bytes: [UInt8]) async throws {
        try Task.checkCancellation()
        let full = try state.withLock { state in
            if state.closed || state.ended { throw CancellationError() }
            state.buffer.append(contentsOf: bytes)
            return state.buffer.count - state.sent >= DownloadPipe.capacity
        }
        gate.wake()
        guard full else { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in wait(continuation) }
        } onCancel: {
            close(cleanly: false)
        }
    }

    private func wait(_ continuation: CheckedContinuation<Void, any Error>) {
        let ready: Result<Void, any Error>? = state.withLock { state in
            if state.closed { return .failure(CancellationError()) }
            if state.buffer.count - state.sent < DownloadPipe.capacity { return .success(()) }
            precondition(state.waiter == nil, "a reply is written by one task at a time")
            state.waiter = continuation
            return nil
        }
        if let ready { continuation.resume(with: ready) }
    }

    /// The whole body is written.
    func end() {
        state.withLock { $0.ended = true }
        gate.wake()
    }

    /// The writer failed: the connection is cut, so that the client cannot take a part for the whole.
    func cut() {
        state.withLock { if !$0.ended { $0.broken = true } }
        gate.wake()
    }

    /// Writing throws `CancellationError` from now on. Cleanly: what was written is sent and the body ends; else the connection is cut.
    func close(cleanly: Bool) {
        let waiter: CheckedContinuation<Void, any Error>? = state.withLock { state in
            if state.closed { return nil }
            state.closed = true
            if cleanly { state.ended = true } else if !state.ended { state.broken = true }
            return state.waiter.take()
        }
        waiter?.resume(throwing: CancellationError())
        gate.wake()
    }

    /// The gate is closed: nothing more can be waited for.
    var isAbandoned: Bool { gate.isClosed }

    /// Event-loop thread: moves what is ready into `out`.
    func read(into out: UnsafeMutableBufferPointer<UInt8>) -> Piece {
        let (piece, waiter): (Piece, CheckedContinuation<Void, any Error>?) = state.withLock { state in
            if state.broken { return (.broken, nil) }
            let count = min(out.count, state.buffer.count - state.sent)
            guard count > 0 else { return (state.ended ? .end : .nothingYet, nil) }
            state.buffer.withUnsafeBufferPointer { out.baseAddress!.update(from: $0.baseAddress! + state.sent, count: count) }
            state.sent += count
            state.total += count
            if state.sent == state.buffer.count {
                state.buffer.removeAll(keepingCapacity: state.sent <= DownloadPipe.capacity)
                state.sent = 0
            }
            let relieved = state.buffer.count - state.sent < DownloadPipe.capacity
            return (.bytes(count), relieved ? state.waiter.take() : nil)
        }
        waiter?.resume()
        return piece
    }

    /// Event-loop thread: waits for more, unless it has come. False when the caller should read again.
    func suspend() -> Bool { gate.suspend { hasNews } }
}
