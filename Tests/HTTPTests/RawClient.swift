import Errors
import Glibc

/// A client of plain sockets that says exactly what a test wants said. It blocks: use it inside `blocking`.
final class RawClient: Sendable {
    struct Answer: Sendable {
        var status = 0
        var headers: [String: String] = [:]
        var body: [UInt8] = []
        var text: String { String(decoding: body, as: UTF8.self) }
    }
    private let descriptor: Int32

    init(port: UInt16, timeoutSeconds: Int = 60) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw JidokaError.unavailable("cannot connect: \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw JidokaError.unavailable("cannot send: \(String(cString: strerror(errno)))") }
            sent += count
        }
    }

    /// Empty at the end of the connection. - Throws: when nothing came for the client's time limit.
    func receive(upTo limit: Int = 65_536) throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = recv(descriptor, &buffer, limit, 0)
        if count < 0, errno == ECONNRESET { return [] }
        guard count >= 0 else { throw JidokaError.unavailable("nothing received: \(String(cString: strerror(errno)))") }
        return Array(buffer.prefix(count))
    }

    func receiveAll() throws -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let piece = try receive()
            if piece.isEmpty { return all }
            all += piece
        }
    }

    /// Reads answers, one after the other, whatever the packets.
    func answers(_ wanted: Int, toHead: Bool = false) throws -> [Answer] {
        var buffer: [UInt8] = []
        var found: [Answer] = []
        while found.count < wanted {
            if let (answer, used) = RawClient.parse(buffer, toHead: toHead) {
                found.append(answer)
                buffer.removeFirst(used)
                continue
            }
            let piece = try receive()
            guard !piece.isEmpty else { throw JidokaError.unavailable("closed after \(String(decoding: buffer, as: UTF8.self))") }
            buffer += piece
        }
        return found
    }

    func answer(toHead: Bool = false) throws -> Answer { try answers(1, toHead: toHead)[0] }

    /// The first whole answer in `bytes` and its length.
    static func parse(_ bytes: [UInt8], toHead: Bool) -> (Answer, Int)? {
        guard let end = (3..<max(3, bytes.count)).first(where: { Array(bytes[($0 - 3)...$0]) == [13, 10, 13, 10] }) else { return nil }
        let lines = String(decoding: bytes[0..<(end - 3)], as: UTF8.self).split(separator: "\r\n")
        var answer = Answer()
        answer.status = Int(lines[0].split(separator: " ")[1]) ?? 0
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            answer.headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
        }
        let start = end + 1
        if answer.status == 100 { return (answer, start) }
        if toHead || answer.status == 204 { return (answer, start) }
        if answer.headers["transfer-encoding"] == "chunked" {
            guard let (body, used) = unchunk(bytes[start...]) else { return nil }
            answer.body = body
            return (answer, start + used)
        }
        let count = Int(answer.headers["content-length"] ?? "0") ?? 0
        guard bytes.count >= start + count else { return nil }
        answer.body = Array(bytes[start..<(start + count)])
        return (answer, start + count)
    }

    private static func unchunk(_ bytes: ArraySlice<UInt8>) -> ([UInt8], Int)? {
        var at = bytes.startIndex
        var body: [UInt8] = []
        while true {
            guard let line = bytes[at...].firstIndex(of: 10),
                let size = Int(String(decoding: bytes[at..<(line - 1)], as: UTF8.self), radix: 16)
            else { return nil }
            at = line + 1
            guard bytes.endIndex >= at + size + 2 else { return nil }
            body += bytes[at..<(at + size)]
            at += size + 2
            if size == 0 { return (body, at - bytes.startIndex) }
        }
    }
}
