import CMicrohttpd
import Errors
import Glibc
import JSON
import Telemetry

/// An answer in the daemon's own form, made on the handler's thread and queued once by the event loop.
final class Reply: @unchecked Sendable {  // the handle goes from the thread that made it to the event loop, under the exchange's lock
    let status: Int
    /// Bytes of the body that will be sent; those of a stream are counted by `download`.
    let count: Int
    let download: DownloadPipe?
    let isEventStream: Bool
    private var response: OpaquePointer?
    /// Replies between these lengths are worth compressing: shorter ones fit one packet, longer ones would hold up the event loop.
    private static let compressed = 1_024...(4 << 20)

    init(_ answer: HTTPResponse, to request: HTTPRequest, exchange: Exchange) {
        var headers = answer.headers
        var status = answer.status
        var download: DownloadPipe?
        var made: (response: OpaquePointer?, count: Int)
        switch answer.body {
        case .bytes(let bytes): made = Reply.whole(bytes, &headers, request, exchange)
        case .file(let path, let offset, let count):
            do { made = try Reply.file(path, offset, count, &status, &headers, request) } catch {
                let answer = exchange.server.unknown(.wrapping(error), request)
                status = answer.status
                headers = answer.headers
                made = Reply.whole(answer.bytes, &headers, request, exchange)
            }
        case .stream:
            let pipe = DownloadPipe(gate: exchange.gate)
            made = (Reply.stream(pipe, length: headers["content-length"].flatMap { UInt64($0) }), 0)
            if request.method != "HEAD" { download = pipe }
        }
        headers["x-request-id"] = request.id
        for (name, value) in Reply.protectiveHeaders where headers[name] == nil { headers[name] = value }
        if exchange.server.isDraining { headers["connection"] = "close" }
        self.status = status
        count = request.method == "HEAD" ? 0 : made.count
        self.download = download
        isEventStream = headers["content-type"]?.hasPrefix("text/event-stream") ?? false
        response = made.response
        for (name, value) in headers where !Reply.ownHeaders.contains(name.lowercased()) {
            if let response, MHD_add_response_header(response, name, value) != .YES {
                exchange.server.logger.warning("reply header dropped", [("header", .string(name)), ("request_id", .string(request.id))])
            }
        }
    }

    deinit { if let response { MHD_destroy_response(response) } }

    /// No guessing of types, no frames of other sites around a page of this server.
    private static let protectiveHeaders = [
        (name: "x-content-type-options", value: "nosniff"), (name: "x-frame-options", value: "SAMEORIGIN"),
    ]

    /// The daemon writes these itself.
    private static let ownHeaders: Set<String> = ["content-length", "transfer-encoding"]

    /// Event-loop thread, once.
    func queue(on connection: OpaquePointer) -> MHD_Result {
        guard let response else { return .NO }
        self.response = nil
        defer { MHD_destroy_response(response) }
        return MHD_queue_response(connection, UInt32(status), response)
    }

    private static func whole(
        _ bytes: [UInt8], _ headers: inout HTTPHeaders, _ request: HTTPRequest, _ exchange: Exchange
    ) -> (response: OpaquePointer?, count: Int) {
        var bytes = bytes
        if compressed.contains(bytes.count), headers["content-encoding"] == nil, isText(headers["content-type"]),
            exchange.server.configuration.compressLoopback || !exchange.client.isLoopback,
            let coding = ContentCoding.accepted(request.headers["accept-encoding"]), let smaller = coding.compress(bytes)
        {
            bytes = smaller
            headers["content-encoding"] = coding.name
            headers["vary"] = "accept-encoding"
        }
        let response = bytes.withUnsafeBytes { buffer in
            MHD_create_response_from_buffer(buffer.count, UnsafeMutableRawPointer(mutating: buffer.baseAddress), .RESPMEM_MUST_COPY)
        }
        return (response, bytes.count)
    }

    private static func isText(_ type: String?) -> Bool {
        guard let type else { return false }
        return type.hasPrefix("text/") || type.hasPrefix("application/json") || type.hasPrefix("application/javascript")
    }

    /// - Throws: `internal` when the file is not as long as the handler said, or cannot be opened.
    private static func file(
        _ path: String, _ offset: UInt64, _ count: UInt64, _ status: inout Int, _ headers: inout HTTPHeaders, _ request: HTTPRequest
    ) throws -> (response: OpaquePointer?, count: Int) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        var facts = stat()
        guard descriptor >= 0, fstat(descriptor, &facts) == 0, UInt64(facts.st_size) >= offset + count else {
            let reason = descriptor < 0 ? String(cString: strerror(errno)) : "it is shorter than \(offset + count) bytes"
            if descriptor >= 0 { close(descriptor) }
            throw JidokaError.internal("a file of the answer cannot be sent", cause: JidokaError(.internal, "`\(path)`: \(reason)"))
        }
        var first = offset
        var length = count
        if status == 200 {
            headers["accept-ranges"] = "bytes"
            let condition = request.headers["if-range"]
            let asked = condition == nil || condition == headers["etag"] ? request.headers["range"] : nil
            switch ByteRange(asked, length: count) {
            case .whole: break
            case .part(let start, let part):
                status = 206
                headers["content-range"] = "bytes \(start)-\(start + part - 1)/\(count)"
                first += start
                length = part
            case .unsatisfiable:
                status = 416
                headers["content-range"] = "bytes */\(count)"
                length = 0
            }
        }
        guard let response = MHD_create_response_from_fd_at_offset64(length, descriptor, first) else {
            close(descriptor)
            throw JidokaError.internal("a file of the answer cannot be sent")
        }
        return (response, Int(length))
    }

    private static func stream(_ pipe: DownloadPipe, length: UInt64?) -> OpaquePointer? {
        let context = Unmanaged.passRetained(pipe)
        let response = MHD_create_response_from_callback(length ?? .max, 32 << 10, readStream, context.toOpaque(), releaseStream)
        if response == nil { context.release() }
        return response
    }
}

private let readStream: MHD_ContentReaderCallback = { context, _, out, most in
    guard let context, let out else { return -2 }
    let pipe = Unmanaged<DownloadPipe>.fromOpaque(context).takeUnretainedValue()
    let buffer = UnsafeMutableRawBufferPointer(start: out, count: most).bindMemory(to: UInt8.self)
    while true {
        switch pipe.read(into: buffer) {
        case .bytes(let count): return count
        case .end: return -1  // MHD_CONTENT_READER_END_OF_STREAM
        case .broken: return -2  // MHD_CONTENT_READER_END_WITH_ERROR
        case .nothingYet: if pipe.suspend() { return 0 }
        }
        if pipe.isAbandoned { return -2 }
    }
}

private let releaseStream: MHD_ContentReaderFreeCallback = { context in
    if let context { Unmanaged<DownloadPipe>.fromOpaque(context).release() }
}
