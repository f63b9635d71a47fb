import Errors
import Glibc

/// A bound and listening TCP socket. Opened here rather than by libmicrohttpd, so that a refusal says why.
struct ListenSocket {
    let descriptor: Int32
    let port: UInt16

    /// - Throws: `unavailable` when the address cannot be had, `invalid_argument` when the host is unknown.
    init(host: String, port: UInt16) throws {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &found)
        guard status == 0, let address = found else {
            throw JidokaError.invalidArgument(
                "cannot listen on `\(host)`: \(String(cString: gai_strerror(status)))",
                hint: "give an address of this machine, such as `127.0.0.1`")
        }
        defer { freeaddrinfo(found) }
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(address.pointee.ai_family, type, 0)
        guard descriptor >= 0 else { throw ListenSocket.refused(host, port, errno) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0, listen(descriptor, 1_024) == 0 else {
            let reason = errno
            close(descriptor)
            throw ListenSocket.refused(host, port, reason)
        }
        self.descriptor = descriptor
        self.port = ListenSocket.boundPort(descriptor) ?? port
    }

    private static func refused(_ host: String, _ port: UInt16, _ reason: Int32) -> JidokaError {
        let text = String(cString: strerror(reason))
        switch reason {
        case EADDRINUSE:
            let another = port == .max ? port - 1 : port + 1
            return .unavailable(
                "port \(port) on `\(host)` is taken by another program",
                hint: "stop what listens there, or choose another port, for example `--port \(another)`; `--port 0` takes a free one")
        case EACCES:
            return .unavailable("port \(port) needs more rights: \(text)", hint: "choose a port above 1023, for example `--port 8080`")
        case EADDRNOTAVAIL:
            return .unavailable("`\(host)` is no address of this machine", hint: "listen on `127.0.0.1`, or on `0.0.0.0` for all")
        default: return .unavailable("cannot listen on `\(host)` port \(port): \(text)")
        }
    }

    private static func boundPort(_ descriptor: Int32) -> UInt16? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer -> UInt16? in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> UInt16? in
                guard getsockname(descriptor, address, &length) == 0 else { return nil }
                let family = Int32(address.pointee.sa_family)
                let raw = UnsafeRawPointer(address)
                if family == AF_INET6 { return UInt16(bigEndian: raw.load(as: sockaddr_in6.self).sin6_port) }
                return UInt16(bigEndian: raw.load(as: sockaddr_in.self).sin_port)
            }
        }
    }
}

/// `192.0.2.7` or `2001:db8::7` of a connected socket.
func peerAddress(_ descriptor: Int32) -> String {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let status = withUnsafeMutablePointer(to: &storage) { pointer -> Int32 in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Int32 in
            guard getpeername(descriptor, address, &length) == 0 else { return -1 }
            return getnameinfo(address, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        }
    }
    guard status == 0 else { return "unknown" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
