package import Clockwork
package import Errors
import Glibc

/// Messages between this process and a child, each with its length (4 bytes, little-endian) before it. Calls block; one thread at a time.
package final class FrameChannel: Sendable {
    private let descriptor: Int32
    /// The child's end, to be passed to it and closed then.
    package let far: Int32
    private let time: any TimeSource
    private static let frameMax = 64 << 20

    package init(time: any TimeSource) throws {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw JidokaError.unavailable("no channel to a child: \(String(cString: strerror(errno)))", hint: "raise `ulimit -n`")
        }
        (descriptor, far) = (ends[0], ends[1])
        self.time = time
    }

    deinit { close(descriptor) }

    /// The child has its end.
    package func closeFar() { close(far) }

    /// Ends what waits on it and all that comes.
    package func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// - Throws: `unavailable` when the child has gone.
    package func send(_ message: [UInt8]) throws {
        var frame = withUnsafeBytes(of: UInt32(message.count).littleEndian) { Array($0) }
        frame += message
        var sent = 0
        while sent < frame.count {
            let count = frame.withUnsafeBytes { raw in
                Glibc.send(descriptor, raw.baseAddress! + sent, raw.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FrameChannel.gone }
            sent += count
        }
    }

    /// The next message. - Throws: `unavailable` when the child has gone; `deadline`'s error when none came in time.
    package func receive(within limit: Duration, late: JidokaError) throws -> [UInt8] {
        let deadline = time.steadyNanoseconds() &+ UInt64(limit / .nanoseconds(1))
        let head = try read(4, until: deadline, late)
        let count = Int(head.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)) })
        guard count <= FrameChannel.frameMax else { throw JidokaError.internal("a child sent a message of \(count) bytes") }
        return try read(count, until: deadline, late)
    }

    private func read(_ count: Int, until deadline: UInt64, _ late: JidokaError) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var have = 0
        while have < count {
            let now = time.steadyNanoseconds()
            guard now < deadline else { throw late }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&waiting, 1, Int32(clamping: (deadline - now) / 1_000_000 + 1))
            if ready < 0, errno == EINTR { continue }
            if ready == 0 { continue }
            let got = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress! + have, count - have, 0) }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw FrameChannel.gone }
            have += got
        }
        return bytes
    }

    private static let gone = JidokaError.unavailable("the process has ended", hint: "its log says why")
}
