import CCurl
import Clockwork
import Errors
import Glibc

/// One request on its way: what libcurl's callbacks see. Lives on one thread, from `perform` to its return.
final class Transfer {
    private let request: OutboundRequest
    private let stop: StopFlag
    private let address: Address
    private var handle: UnsafeMutableRawPointer?
    private var headers: [(name: String, value: String)] = []
    private var body: [UInt8] = []
    private var received: UInt64 = 0
    /// What a callback refused to go on for.
    private var failure: (any Error)?
    /// The answer was longer than wanted, and what was wanted is there.
    private var isCut = false
    private var input: FileInput?
    private var output: FileOutput?

    init(_ request: OutboundRequest, stop: StopFlag) throws {
        self.request = request
        self.stop = stop
        address = try Address(request.url)
    }

    func perform(on handle: HandleShelf.Handle) throws -> OutboundResponse {
        self.handle = handle.raw
        let lines = try HeaderLines(request.headers)
        set(CURLOPT_HTTPHEADER, lines.list)
        setLimits()
        setCallbacks()
        let result: CURLcode
        switch request.body {
        case .none: result = send([])
        case .bytes(let bytes): result = send(bytes)
        case .file(let path, let offset, let count):
            let file = try FileInput(path: path, offset: offset, count: count)
            input = file
            set(CURLOPT_UPLOAD, 1)
            jidoka_curl_set_size(handle.raw, CURLOPT_INFILESIZE_LARGE, curl_off_t(file.count))
            result = run()
        }
        let status = Int(jidoka_curl_number(handle.raw, CURLINFO_RESPONSE_CODE))
        if result != CURLE_OK && !isCut || failure != nil {
            output?.discard()
            throw explain(result)
        }
        if case .file(let path) = request.sink, output == nil, (200..<300).contains(status) { output = try FileOutput(path: path) }
        try output?.finish()
        return OutboundResponse(status: status, headers: headers, body: body, bytesReceived: received)
    }

    private func set(_ option: CURLoption, _ value: Int) { jidoka_curl_set_number(handle, option, value) }
    private func set(_ option: CURLoption, _ value: UnsafeRawPointer?) { jidoka_curl_set_pointer(handle, option, value) }

    private func setLimits() {
        request.url.withCString { set(CURLOPT_URL, UnsafeRawPointer($0)) }
        "http,https".withCString { set(CURLOPT_PROTOCOLS_STR, UnsafeRawPointer($0)) }
        // A proxy of the environment is for the world outside.
        if address.isLoopback { "".withCString { set(CURLOPT_PROXY, UnsafeRawPointer($0)) } }
        if let destinations = request.destinations, !destinations.allows(host: address.host) {
            "".withCString { set(CURLOPT_PROXY, UnsafeRawPointer($0)) }
            set(CURLOPT_FRESH_CONNECT, 1)
            set(CURLOPT_FORBID_REUSE, 1)
            jidoka_curl_set_open_socket(handle, openSocket)
            set(CURLOPT_OPENSOCKETDATA, UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque()))
        }
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(max(1, request.connectTimeout.microseconds / 1_000)))
        if let timeout = request.timeout { set(CURLOPT_TIMEOUT_MS, Int(max(1, timeout.microseconds / 1_000))) }
        if let stall = request.stallTimeout {
            set(CURLOPT_LOW_SPEED_LIMIT, 1_024)
            set(CURLOPT_LOW_SPEED_TIME, Int(max(1, stall.components.seconds)))
        }
        set(CURLOPT_EXPECT_100_TIMEOUT_MS, 200)
        set(CURLOPT_TCP_KEEPALIVE, 1)
    }

    private func setCallbacks() {
        let context = UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque())
        jidoka_curl_set_transfer(handle, CURLOPT_WRITEFUNCTION, takeBody)
        jidoka_curl_set_transfer(handle, CURLOPT_HEADERFUNCTION, takeHeader)
        jidoka_curl_set_transfer(handle, CURLOPT_READFUNCTION, giveBody)
        jidoka_curl_set_seek(handle, seekBody)
        jidoka_curl_set_progress(handle, askProgress)
        for option in [CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_READDATA, CURLOPT_SEEKDATA, CURLOPT_XFERINFODATA] {
            set(option, context)
        }
        set(CURLOPT_NOPROGRESS, 0)
    }

    private func send(_ bytes: [UInt8]) -> CURLcode {
        if bytes.isEmpty, !["POST", "PUT", "PATCH"].contains(request.method) { return run() }
        set(CURLOPT_POST, 1)
        jidoka_curl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
        return bytes.withUnsafeBytes { buffer in
            // An empty array may have no address, and libcurl takes none for "read it from the callback".
            guard let start = buffer.baseAddress else {
                return "".withCString { empty in
                    set(CURLOPT_POSTFIELDS, UnsafeRawPointer(empty))
                    return run()
                }
            }
            set(CURLOPT_POSTFIELDS, start)
            return run()
        }
    }

    private func run() -> CURLcode {
        if request.method == "HEAD" { set(CURLOPT_NOBODY, 1) }
        return request.method.withCString { method in
            if request.method != "HEAD" { set(CURLOPT_CUSTOMREQUEST, UnsafeRawPointer(method)) }
            return curl_easy_perform(handle)
        }
    }

    // MARK: Called back

    /// Whether a connection to this address may be made: it was resolved just now and is the one that is connected to.
    func mayConnect(to text: String) -> Bool {
        if request.destinations?.allows(address: text) ?? true { return true }
        failure = Destinations.refused(address.host)
        return false
    }

    func header(_ line: UnsafeRawBufferPointer) {
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            headers = []  // of an interim answer
        } else if let colon = text.firstIndex(of: ":") {
            let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            headers.append((name: String(text[..<colon]), value: String(value.reversed().drop(while: \.isWhitespace).reversed())))
        }
    }

    /// False ends the transfer.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        received += UInt64(bytes.count)
        do {
            if received > request.responseBytesMax, request.cutsLongResponses {
                body.append(contentsOf: bytes.prefix(max(0, Int(request.responseBytesMax) - body.count)))
                isCut = true
                return false
            }
            guard received <= request.responseBytesMax else {
                throw JidokaError(.exhausted, "the answer of \(address.text) is longer than \(request.responseBytesMax) bytes")
            }
            let success = (200..<300).contains(jidoka_curl_number(handle, CURLINFO_RESPONSE_CODE))
            switch request.sink {
            case .file(let path) where success:
                let file = try output ?? FileOutput(path: path)
                output = file
                try file.write(bytes)
            case .chunks(let take) where success: try take(Array(bytes))
            default: body.append(contentsOf: bytes)
            }
            return true
        } catch {
            failure = error
            return false
        }
    }

    /// -1 ends the transfer.
    func read(into out: UnsafeMutableRawBufferPointer) -> Int {
        do {
            let count = try input?.read(into: out) ?? 0
            request.sent?(count)
            return count
        } catch {
            failure = error
            return -1
        }
    }

    func seek(to offset: Int64) -> Bool { input?.seek(to: offset) ?? false }

    var isStopped: Bool { stop.isRaised }

    private func explain(_ result: CURLcode) -> any Error {
        if stop.isRaised { return CancellationError() }
        if let failure { return failure }
        let place = address.text
        let cause = JidokaError(.internal, String(cString: curl_easy_strerror(result)))
        func unavailable(_ message: String, _ hint: String) -> JidokaError { .init(.unavailable, message, hint: hint, cause: cause) }
        switch result {
        case CURLE_COULDNT_CONNECT where jidoka_curl_number(handle, CURLINFO_OS_ERRNO) == Int(ECONNREFUSED):
            var refused = unavailable("nothing listens at `\(place)`", "start the server there, or check the address")
            refused.fields["reason"] = "refused"
            return refused
        case CURLE_COULDNT_CONNECT: return unavailable("cannot connect to `\(place)`", "check the address and the network")
        case CURLE_COULDNT_RESOLVE_HOST:
            return unavailable("the name `\(address.host)` has no address", "check the spelling and the network")
        case CURLE_OPERATION_TIMEDOUT: return unavailable("no complete answer from `\(place)` in time", "try again, or allow more time")
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR:
            return unavailable("no trusted TLS connection to `\(place)`", "check its certificate and this machine's authorities")
        case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE:
            return unavailable("the connection to `\(place)` broke before the answer was complete", "try again")
        default: return unavailable("the request to `\(place)` failed: \(String(cString: curl_easy_strerror(result)))", "check the address")
        }
    }
}

// MARK: libcurl's callbacks: at file scope, without captures.

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer { Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue() }

private let openSocket: @convention(c) (UnsafeMutableRawPointer?, curlsocktype, UnsafeMutablePointer<curl_sockaddr>?) -> curl_socket_t = {
    context, _, address in
    guard let address, let offset = MemoryLayout<curl_sockaddr>.offset(of: \curl_sockaddr.addr) else { return CURL_SOCKET_BAD }
    // An IPv6 address is longer than the type that the structure ends with.
    let raw = UnsafeRawPointer(address).advanced(by: offset).assumingMemoryBound(to: sockaddr.self)
    var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    guard getnameinfo(raw, address.pointee.addrlen, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST) == 0 else {
        return CURL_SOCKET_BAD
    }
    let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard transfer(context).mayConnect(to: text) else { return CURL_SOCKET_BAD }
    return socket(address.pointee.family, address.pointee.socktype, address.pointee.`protocol`)
}

private let takeHeader: jidoka_curl_transfer = { data, size, count, context in
    transfer(context).header(UnsafeRawBufferPointer(start: data, count: size * count))
    return size * count
}

private let takeBody: jidoka_curl_transfer = { data, size, count, context in
    transfer(context).receive(UnsafeRawBufferPointer(start: data, count: size * count)) ? size * count : 0
}

private let giveBody: jidoka_curl_transfer = { data, size, count, context in
    let given = transfer(context).read(into: UnsafeMutableRawBufferPointer(start: data, count: size * count))
    return given < 0 ? Int(CURL_READFUNC_ABORT) : given
}

private let seekBody: @convention(c) (UnsafeMutableRawPointer?, curl_off_t, Int32) -> Int32 = { context, offset, origin in
    origin == SEEK_SET && transfer(context).seek(to: Int64(offset)) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_CANTSEEK
}

private let askProgress: @convention(c) (UnsafeMutableRawPointer?, curl_off_t, curl_off_t, curl_off_t, curl_off_t) -> Int32 = {
    context, _, _, _, _ in
    transfer(context).isStopped ? 1 : 0
}
