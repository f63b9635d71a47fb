internal import CPostgres

/// A statement as PostgreSQL reads it, and the names under which the server holds it prepared, one for each list of types.
final class PostgresStatement {
    let text: String
    var names: [[UInt32]: String] = [:]

    init(_ text: String) { self.text = text }
}

/// Bound values as texts that end with NUL, one behind the other, and the types they are sent as (0 lets the server choose).
struct PostgresBindings {
    /// The numbers of types in `pg_type`.
    private enum TypeNumber {
        static let bytea: UInt32 = 17
        static let int8: UInt32 = 20
        static let text: UInt32 = 25
        static let float8: UInt32 = 701
        static let int8List: UInt32 = 1_016
        static let textList: UInt32 = 1_009
    }

    private(set) var types: [UInt32] = []
    private var bytes: [UInt8] = []
    /// Where each value starts; nil is NULL.
    private var starts: [Int?] = []

    init(_ values: [SQLValue]) {
        types.reserveCapacity(values.count)
        starts.reserveCapacity(values.count)
        for value in values {
            starts.append(value == .null ? nil : bytes.count)
            switch value {
            case .null: types.append(0)
            case .int(let number): add(String(number), TypeNumber.int8)
            case .double(let number): add(number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : "\(number)", TypeNumber.float8)
            case .text(let text): add(PostgresText.stored(text), TypeNumber.text)
            case .blob(let blob):
                types.append(TypeNumber.bytea)
                bytes += "\\x".utf8
                for byte in blob { bytes += [PostgresBindings.digits[Int(byte >> 4)], PostgresBindings.digits[Int(byte & 15)]] }
                bytes.append(0)
            case .ints(let numbers): add("{" + numbers.map { String($0) }.joined(separator: ",") + "}", TypeNumber.int8List)
            case .texts(let texts):
                add("{" + texts.map { PostgresText.quoted(PostgresText.stored($0)) }.joined(separator: ",") + "}", TypeNumber.textList)
            }
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private mutating func add(_ text: String, _ type: UInt32) {
        types.append(type)
        bytes += text.utf8
        bytes.append(0)
    }

    func withPointers<T>(_ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> T) -> T {
        bytes.withUnsafeBytes { raw in
            let base = raw.bindMemory(to: CChar.self).baseAddress
            return starts.map { start in start.flatMap { offset in base.map { $0 + offset } } }.withUnsafeBufferPointer {
                body($0.baseAddress)
            }
        }
    }
}

/// A result of the server, freed with this value.
final class PostgresResult {
    let handle: OpaquePointer

    init(_ handle: OpaquePointer) { self.handle = handle }
    deinit { PQclear(handle) }

    var count: Int32 { PQntuples(handle) }
    var changes: Int { Int(String(cString: PQcmdTuples(handle))) ?? 0 }
}

/// One row of a result; every column is a text.
struct PostgresRow {
    let result: OpaquePointer
    let index: Int32

    func isNull(_ column: Int) -> Bool { PQgetisnull(result, index, Int32(column)) == 1 }

    private func bytes(_ column: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: PQgetvalue(result, index, Int32(column)), count: Int(PQgetlength(result, index, Int32(column))))
    }

    func text(_ column: Int) -> String {
        let bytes = bytes(column)
        let text = String(decoding: bytes, as: UTF8.self)
        return bytes.contains(PostgresText.markByte) ? PostgresText.read(text) : text
    }

    /// Booleans are `t` and `f`; a number with a fraction loses it, as in SQLite.
    func int(_ column: Int) -> Int64 {
        let text = text(column)
        return Int64(text) ?? (text == "t" ? 1 : Double(text).flatMap { Int64(exactly: $0.rounded(.towardZero)) } ?? 0)
    }

    func double(_ column: Int) -> Double { Double(text(column)) ?? 0 }

    /// Every column by its type; text as it lies there, for tables that are not ours.
    var values: [SQLValue] {
        (0..<Int(PQnfields(result))).map { column in
            if isNull(column) { return .null }
            let plain = String(decoding: bytes(column), as: UTF8.self)
            switch PQftype(result, Int32(column)) {
            case 16: return .int(plain == "t" ? 1 : 0)
            case 20, 21, 23: return Int64(plain).map(SQLValue.int) ?? .text(plain)
            case 700, 701, 1700: return Double(plain).map(SQLValue.double) ?? .text(plain)
            case 17: return .blob(blob(column))
            default: return .text(plain)
            }
        }
    }

    /// `bytea` comes as `\x` and hexadecimal digits.
    func blob(_ column: Int) -> [UInt8] {
        let text = bytes(column)
        guard text.count >= 2, text[0] == UInt8(ascii: "\\"), text[1] == UInt8(ascii: "x") else { return Array(text) }
        func digit(_ byte: UInt8) -> UInt8 { byte < 58 ? byte - 48 : byte - 87 }
        return stride(from: 2, to: text.count - 1, by: 2).map { digit(text[$0]) << 4 | digit(text[$0 + 1]) }
    }
}

/// Texts may hold NUL, which PostgreSQL cannot store: it becomes the last code point of Unicode, which means no character, and a `0`; that
/// code point itself becomes itself and a `1`.
enum PostgresText {
    private static let mark: Unicode.Scalar = "\u{10FFFF}"
    /// The first byte of the mark, and of few other characters.
    static let markByte: UInt8 = 0xF4

    static func stored(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0 || $0 == markByte }) else { return text }
        var stored = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "\u{0}" { stored += [mark, "0"] } else if scalar == mark { stored += [mark, "1"] } else { stored.append(scalar) }
        }
        return String(stored)
    }

    /// An element of a list, as PostgreSQL writes it.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }

    static func read(_ text: String) -> String {
        var read = String.UnicodeScalarView()
        var afterMark = false
        for scalar in text.unicodeScalars {
            if afterMark {
                read.append(scalar == "0" ? "\u{0}" : mark)
                afterMark = false
            } else if scalar == mark {
                afterMark = true
            } else {
                read.append(scalar)
            }
        }
        return String(read)
    }
}
