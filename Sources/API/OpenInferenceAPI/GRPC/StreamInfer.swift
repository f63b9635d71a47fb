import Protobuf
import RPC
import Serving
import Synchronization

extension OpenInference {
    func infer(_ message: RPCMessage, _ call: RPCCall) async throws -> [UInt8] {
        try await infer(try ProtobufInferRequest(message, regions: regions), call)
    }

    private func infer(_ asked: ProtobufInferRequest, _ call: RPCCall) async throws -> [UInt8] {
        var asked = asked
        // Nobody waits for an answer after the call's deadline.
        if let left = call.microsecondsLeft { asked.request.timeout = min(asked.request.timeout ?? left, left) }
        let inference = try asked.request.call(
            asked.model, version: asked.version, unit: call.metadata("x-jidoka-unit"), serving: serving)
        return try protobufResponse(try await serving.infer(inference), to: asked, regions: regions)
    }

    /// Requests of one stream that are answered at the same time.
    private static let windowMax = 64

    /// Answers each request of the stream, several at a time and in their order. A request that fails is answered with its
    /// error; the stream stays open.
    func streamInfer(_ call: RPCCall) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let turnstile = Turnstile()
            var place = 0
            while let message = await call.next() {
                if place >= OpenInference.windowMax { try await group.next() }
                group.addTask { [place] in
                    let answer = await streamed(message, call)
                    await turnstile.enter(place)
                    defer { turnstile.leave() }
                    try await call.send(answer)
                }
                place += 1
            }
            try await group.waitForAll()
        }
    }

    /// A `ModelStreamInferResponse`: the answer, or why there is none.
    private func streamed(_ message: RPCMessage, _ call: RPCCall) async -> [UInt8] {
        var writer = WireWriter()
        var id: String?
        do {
            let asked = try ProtobufInferRequest(message, regions: regions)
            id = asked.request.id
            writer.blob(2, try await infer(asked, call))
        } catch {
            writer.string(1, RPCStatus(error).message)
            // Clients find the request by its id.
            if let id { writer.message(2) { $0.string(3, id) } }
        }
        return writer.bytes
    }
}

/// Lets tasks through one after the other, by their places.
private final class Turnstile: Sendable {
    private struct State {
        var next = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    }
    private let state = Mutex(State())

    func enter(_ place: Int) async {
        await withCheckedContinuation { continuation in
            let isNext = state.withLock { state in
                if state.next == place { return true }
                state.waiting[place] = continuation
                return false
            }
            if isNext { continuation.resume() }
        }
    }

    func leave() {
        let waiting = state.withLock { state in
            state.next += 1
            return state.waiting.removeValue(forKey: state.next)
        }
        waiting?.resume()
    }
}
