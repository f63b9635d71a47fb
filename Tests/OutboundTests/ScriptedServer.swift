import Clockwork
import Glibc
import Synchronization

/// Accepts connections on a free port, reads one request's header (and as much of a body as `bodyBytes`), and says what the script says.
final class ScriptedServer: Sendable {
    let port: UInt16
    private let descriptor: Int32
    private let kept = Mutex<[String]>([])

    /// What was received, one text a connection.
    var requests: [String] { kept.withLock { $0 } }

    init(bodyBytes: Int = 0, delayMilliseconds: UInt32 = 0, answers: [String]) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(descriptor, raw, length) == 0 && listen(descriptor, 8) == 0 && getsockname(descriptor, raw, &length) == 0
            }
        }
        precondition(bound, "no free port")
        port = UInt16(bigEndian: address.sin_port)
        self.descriptor = descriptor
        startThread { [self] in
            for answer in answers { serve(answer, bodyBytes, delayMilliseconds) }
            close(descriptor)
        }
    }

    private func serve(_ answer: String, _ bodyBytes: Int, _ delay: UInt32) {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else { return }
        var request: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !complete(request, bodyBytes) {
            let count = recv(connection, &buffer, buffer.count, 0)
            if count <= 0 { break }
            request += buffer.prefix(count)
        }
        kept.withLock { $0.append(String(decoding: request, as: UTF8.self)) }
        usleep(delay * 1_000)
        let bytes = Array(answer.utf8)
        _ = Glibc.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        close(connection)
    }

    private func complete(_ request: [UInt8], _ bodyBytes: Int) -> Bool {
        guard let end = (3..<max(3, request.count)).first(where: { Array(request[($0 - 3)...$0]) == [13, 10, 13, 10] }) else {
            return false
        }
        return request.count - end - 1 >= bodyBytes
    }
}
