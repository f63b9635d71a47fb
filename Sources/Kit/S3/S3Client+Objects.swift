import Blobs
import Clockwork
import Errors

/// Objects by digest in the bucket: how their keys are named, how they are read from end to end, and how one gets there.
extension S3Location {
    func object(_ digest: Digest) -> String { key("objects/\(digest)") }
    /// Discarded objects have a mark here, an empty object whose time says since when.
    func mark(_ digest: Digest) -> String { key("trash/\(digest)") }
}

extension S3Client {
    /// Bytes of one reading request.
    private static let pieceBytes: Int64 = 8 << 20
    /// An object that is put again is made young by a copy onto itself, unless it is younger than this.
    private static let youngFor = Duration.seconds(600)

    /// All bytes in order; the next piece is under way while `take` has one.
    func stream(_ key: String, size: Int64, _ take: (_ piece: [UInt8], _ isLast: Bool) async throws -> Void) async throws {
        guard size > 0 else { return try await take([], true) }
        var start: Int64 = 0
        var ahead = piece(key, from: start, size)
        while start < size {
            let current = ahead
            let piece = try await withTaskCancellationHandler {
                try await current.value
            } onCancel: {
                current.cancel()
            }
            start += Int64(piece.count)
            if start < size { ahead = self.piece(key, from: start, size) }
            do { try await take(piece, start == size) } catch {
                ahead.cancel()
                throw error
            }
        }
    }

    private func piece(_ key: String, from start: Int64, _ size: Int64) -> Task<[UInt8], any Error> {
        Task { try await get(key, range: start..<min(size, start + S3Client.pieceBytes)) }
    }

    /// Sees to it that the object is there and counts as put now; `send` is called when its bytes are needed. True when they were.
    func keep(_ digest: Digest, size: Int64, send: () async throws -> Void) async throws -> Bool {
        let key = location.object(digest)
        try await delete(location.mark(digest))
        guard let there = try await head(key), there.size == size else {
            try await send()
            return true
        }
        if time.now() - there.modified > S3Client.youngFor { try await copy(there, to: key) }
        return false
    }
}
