import CZlib
import Errors

/// How far a compressed body may grow: to `free` bytes whatever was received, beyond that to `ratio` times what was received, and
/// never above `most`. Honest data of zeros reach a ratio of a thousand, but seldom sixteen megabytes of it.
struct InflationLimit: Sendable {
    var free: Int
    var ratio: Int
    var most: Int

    func check(received: Int, grown: Int) throws {
        if grown > most { throw HTTPBody.tooLarge(most) }
        if grown > free, grown / ratio > received {
            throw JidokaError(
                .exhausted, "the compressed body grows to more than \(ratio) times its length",
                hint: "send it uncompressed, or in several requests", fields: ["status": "413"])
        }
    }
}

/// Undoes one body's coding, piece by piece. Not for two threads at once.
final class Inflater: @unchecked Sendable {  // owned by one body, which is read by one task after another
    private var stream = z_stream()
    private let coding: ContentCoding
    private let limit: InflationLimit
    private var open = false
    private var ended = false
    private var received = 0
    private var grown = 0
    private var pending: [UInt8] = []
    private var at = 0
    private static let pieceBytes = 256 << 10

    init(_ coding: ContentCoding, limit: InflationLimit) {
        self.coding = coding
        self.limit = limit
    }

    deinit { if open { inflateEnd(&stream) } }

    /// Hands in more of the compressed body; only after `next` gave nil.
    func feed(_ bytes: [UInt8]) {
        pending = bytes
        at = 0
        received += bytes.count
    }

    /// Up to 256 KiB of the plain body; nil when more input is needed. - Throws: 413 beyond the limit, `invalid_argument` for broken data.
    func next() throws -> [UInt8]? {
        while at < pending.count || open && !ended {
            try begin()
            var status = Z_OK
            let before = at
            let out = [UInt8](unsafeUninitializedCapacity: Inflater.pieceBytes) { buffer, count in
                pending.withUnsafeBufferPointer { input in
                    stream.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0 + at) }
                    stream.avail_in = UInt32(input.count - at)
                    stream.next_out = buffer.baseAddress
                    stream.avail_out = UInt32(buffer.count)
                    status = inflate(&stream, Z_NO_FLUSH)
                    at = input.count - Int(stream.avail_in)
                }
                count = buffer.count - Int(stream.avail_out)
            }
            guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else { throw Inflater.broken }
            ended = status == Z_STREAM_END
            grown += out.count
            try limit.check(received: received, grown: grown)
            if !out.isEmpty { return out }
            if at == before, !ended { return nil }
        }
        return nil
    }

    /// - Throws: `invalid_argument` when the compressed data stop in the middle.
    func finish() throws { if open && !ended { throw Inflater.broken } }

    /// Opens the stream at the first byte; a gzip body may hold several members, one after the other.
    private func begin() throws {
        if ended {
            guard coding == .gzip, inflateReset(&stream) == Z_OK else { throw Inflater.broken }
            ended = false
        }
        if open { return }
        let bits: Int32
        switch coding {
        case .gzip: bits = 15 + 16
        case .deflate:
            let wrapped = pending.count < 2 || pending[0] & 0x0F == 8 && (Int(pending[0]) << 8 | Int(pending[1])) % 31 == 0
            bits = wrapped ? 15 : -15
        }
        guard jidoka_inflate_init(&stream, bits) == Z_OK else { throw JidokaError.internal("zlib has no memory") }
        open = true
    }

    private static let broken = JidokaError.invalidArgument(
        "the compressed body is broken", hint: "the bytes must be what `content-encoding` says they are")
}

extension HTTPBody {
    /// A gathered body with its coding undone: at once when it stays small, else while it is read.
    func inflated(_ coding: ContentCoding, limit: InflationLimit) throws -> HTTPBody {
        guard case .bytes(let bytes) = self else { return self }
        let inflater = Inflater(coding, limit: limit)
        inflater.feed(bytes)
        var whole: [UInt8] = []
        while let piece = try inflater.next() {
            whole.append(contentsOf: piece)
            if whole.count > HTTPBody.inflatedAtOnce { return .stream(HTTPBody.rest(of: inflater, after: whole)) }
        }
        try inflater.finish()
        return .bytes(whole)
    }

    /// A streamed body with its coding undone while it is read.
    static func inflating(_ coding: ContentCoding, limit: InflationLimit, from source: @escaping @Sendable () async throws -> [UInt8]?)
        -> HTTPBody
    {
        let inflater = Inflater(coding, limit: limit)
        return .stream {
            while true {
                if let piece = try inflater.next() { return piece }
                guard let more = try await source() else {
                    try inflater.finish()
                    return nil
                }
                inflater.feed(more)
            }
        }
    }

    /// More than this is not inflated on an event-loop thread.
    private static let inflatedAtOnce = 1 << 20

    private static func rest(of inflater: Inflater, after head: [UInt8]) -> @Sendable () async throws -> [UInt8]? {
        let first = OneShot(head)
        return {
            if let head = first.take() {
                await Task.yield()  // off the event-loop thread
                return head
            }
            if let piece = try inflater.next() { return piece }
            try inflater.finish()
            return nil
        }
    }
}
