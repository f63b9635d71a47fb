import Errors

/// The frames of a `.wandb` file: the log format of LevelDB (doc/log_format.md) with W&B's own head and checksums.
///
/// Seven bytes (`:W&B`, 0xBEE1, a version), then blocks of 32 KiB with frames of checksum (CRC-32 over type and data), length (2 bytes),
/// type (whole, first, middle, last) and data. A frame that ends in the middle of the file's last bytes is one that is still being written,
/// or that a kill tore: it does not count yet.
enum WandbLog {
    private static let blockSize = 32_768
    private static let headSize = 7
    private static let recordMax = 64 << 20

    /// - Throws: `invalid_argument` for another kind of file, and for a frame in its middle that is damaged.
    static func records(_ bytes: [UInt8], file: String) throws -> [[UInt8]] {
        guard bytes.count >= headSize, Array(bytes[..<6]) == Array(":W&B".utf8) + [0xE1, 0xBE] else {
            throw JidokaError.invalidArgument("`\(file)` is no log of W&B", hint: "give the folder that holds offline-run-…")
        }
        guard bytes[6] == 0 else {
            throw JidokaError.invalidArgument("`\(file)` is of version \(bytes[6]) of W&B's log, which is not known", hint: "update jidoka")
        }
        var records: [[UInt8]] = []
        var open: [UInt8]?
        var at = headSize
        while true {
            let left = blockSize - at % blockSize
            if left < headSize { at += left }
            guard at + headSize <= bytes.count else { return records }
            let checksum = bytes[at..<at + 4].enumerated().reduce(UInt32(0)) { $0 | UInt32($1.element) << UInt32(8 * $1.offset) }
            let length = Int(bytes[at + 4]) | Int(bytes[at + 5]) << 8
            let type = bytes[at + 6]
            let end = at + headSize + length
            guard end <= bytes.count else { return records }
            let isWhole = CRC32.of(bytes[(at + 6)..<end]) == checksum
            guard isWhole, (1...4).contains(type) else {
                // The last block may have been written without its data yet.
                if bytes[at...].allSatisfy({ $0 == 0 }) || end == bytes.count { return records }
                throw JidokaError.invalidArgument(
                    "`\(file)` is damaged at byte \(at)", hint: "what comes before it can be imported from a copy that is cut there")
            }
            let data = bytes[(at + headSize)..<end]
            switch type {
            case 1: records.append(Array(data))
            case 2: open = Array(data)
            default:
                guard var joined = open, joined.count + data.count <= recordMax else {
                    throw JidokaError.invalidArgument("`\(file)` is damaged at byte \(at): a frame has no beginning")
                }
                joined += data
                open = type == 4 ? nil : joined
                if type == 4 { records.append(joined) }
            }
            at = end
        }
    }
}

/// CRC-32 of IEEE 802.3, as in zlib.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }

    static func of(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { $0 >> 8 ^ table[Int(($0 ^ UInt32($1)) & 0xFF)] }
    }
}
