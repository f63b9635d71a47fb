import Digests
import Errors
internal import Glibc

/// A write-ahead log: a header, then frames that are whole or not there.
///
/// Header: the 8 bytes `JIDOKAWL`, the format version as u32, four zero bytes. Frame: length of the payload as u32, the first 8 bytes of
/// the payload's SHA-256, the payload. All integers are little-endian. See docs/format/predictions.md.
struct FrameFile: Sendable {
    static let formatVersion: UInt32 = 1
    static let payloadMax = 64 << 20
    private static let magic = Array("JIDOKAWL".utf8)
    private static let headerBytes = 16

    let path: String
    private let owner: OpenFile
    private var descriptor: Int32 { owner.descriptor }
    /// Where the next frame goes: everything before is whole and durable.
    private(set) var length: Int

    /// Opens or creates the file and hands every whole frame's payload to `replay`. What follows the last whole frame (a torn write) is
    /// cut off.
    /// - Throws: `failed_precondition` when the file is of a newer format or no log at all.
    init(path: String, replay: ([UInt8]) throws -> Void) throws {
        let bytes = try Folder.read(path) ?? []
        let end = try FrameFile.scan(bytes, path: path, replay: replay)
        owner = try OpenFile(path)
        self.path = path
        length = end
        if end == 0 {
            var header = ByteWriter()
            header.raw(FrameFile.magic)
            header.uint32(FrameFile.formatVersion)
            header.uint32(0)
            try write(header.bytes, at: 0)
            length = header.bytes.count
        }
        if ftruncate(descriptor, off_t(length)) != 0 { throw fileError("cut", path) }
        if fsync(descriptor) != 0 { throw fileError("flush", path) }
    }

    /// Where the whole frames end; 0 for a file without a whole header.
    private static func scan(_ bytes: [UInt8], path: String, replay: ([UInt8]) throws -> Void) throws -> Int {
        guard bytes.count >= headerBytes else { return 0 }
        guard bytes.starts(with: magic) else {
            throw JidokaError.failedPrecondition("`\(path)` is not a log of ours", hint: "move the file away")
        }
        var header = ByteReader(bytes[8..<headerBytes])
        let version = try header.uint32()
        guard version == formatVersion else {
            throw JidokaError.failedPrecondition(
                "`\(path)` has format version \(version); this program knows version \(formatVersion)",
                hint: "run the newer program on this folder")
        }
        var at = headerBytes
        while at + 12 <= bytes.count {
            var head = ByteReader(bytes[at..<at + 12])
            let count = Int(try head.uint32())
            guard count > 0, count <= payloadMax, at + 12 + count <= bytes.count else { break }
            let payload = Array(bytes[at + 12..<at + 12 + count])
            guard bytes[at + 4..<at + 12].elementsEqual(checksum(payload)) else { break }
            try replay(payload)
            at += 12 + count
        }
        return at
    }

    private static func checksum(_ payload: [UInt8]) -> ArraySlice<UInt8> {
        var hash = SHA256()
        payload.withUnsafeBytes { hash.update($0) }
        return hash.finishBytes().prefix(8)
    }

    /// Adds the frames durably: after an error none of them is in the file.
    mutating func append(_ payloads: [[UInt8]]) throws {
        var out = ByteWriter()
        for payload in payloads {
            precondition(!payload.isEmpty && payload.count <= FrameFile.payloadMax, "a frame holds 1 byte to 64 MiB")
            out.uint32(UInt32(payload.count))
            out.raw(Array(FrameFile.checksum(payload)))
            out.raw(payload)
        }
        do {
            try write(out.bytes, at: length)
            if fdatasync(descriptor) != 0 { throw fileError("flush", path) }
        } catch {
            // Half a frame would be cut off by the next opening anyhow; cutting it now lets this process go on writing.
            if ftruncate(descriptor, off_t(length)) != 0 { throw fileError("cut", path) }
            throw error
        }
        length += out.bytes.count
    }

    private func write(_ bytes: [UInt8], at offset: Int) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress! + written, $0.count - written, off_t(offset + written)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw fileError("write", path) }
            written += count
        }
    }
}

extension FrameFile {
    /// The name of the newest log `wal-<first row>` of a folder whose segments hold `sealed` rows. Older ones were left over when the
    /// program
    /// ended between the newest one's creation and their removal; they are removed now.
    /// - Throws: `failed_precondition` when the newest log begins behind the sealed rows: a segment is missing.
    static func current(in folder: Folder, sealed: Int) throws -> String {
        let found = try folder.names().compactMap { name in name.hasPrefix("wal-") ? Int(name.dropFirst(4)) : nil }.sorted()
        guard let newest = found.last else { return "wal-\(sealed)" }
        guard newest <= sealed else {
            throw JidokaError.failedPrecondition(
                "the log in `\(folder.path)` lacks its rows from \(sealed) to \(newest)", hint: "restore the missing segment from a backup")
        }
        for older in found.dropLast() { try folder.remove("wal-\(older)") }
        return "wal-\(newest)"
    }
}

/// Owns one descriptor.
private final class OpenFile: Sendable {
    let descriptor: Int32

    init(_ path: String) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw fileError("open", path) }
    }

    deinit { close(descriptor) }
}
