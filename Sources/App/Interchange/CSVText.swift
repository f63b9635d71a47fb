import Errors

/// The records of a CSV text (RFC 4180): fields between commas, in quotes where they hold commas, quotes or line ends. LF and CR LF both
/// end a record, and empty lines between records are passed over.
struct CSVText: Sendable {
    struct Record: Sendable, Hashable {
        /// Of its first character, from 1.
        var line: Int
        var fields: [String]
    }

    private let bytes: [UInt8]
    private let shown: String
    private var at: Int
    private var line = 1

    private static let (quote, comma, lf, cr) = (UInt8(ascii: "\""), UInt8(ascii: ","), UInt8(ascii: "\n"), UInt8(ascii: "\r"))

    /// - Parameter shown: how messages name the file.
    init(_ bytes: [UInt8], shown: String) {
        self.bytes = bytes
        self.shown = shown
        // The mark that spreadsheets put before UTF-8.
        at = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// The next record; nil at the end.
    /// - Throws: `invalid_argument` with the line for a quote that never ends or is followed by text, and for bytes that are no UTF-8.
    mutating func next() throws -> Record? {
        while at < bytes.count {
            let start = line
            var fields: [String] = []
            repeat { fields.append(try field(fields.count + 1)) } while take(CSVText.comma)
            endLine()
            if fields != [""] { return Record(line: start, fields: fields) }
        }
        return nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    private mutating func endLine() {
        _ = take(CSVText.cr)
        if take(CSVText.lf) { line += 1 }
    }

    private func isLineEnd(_ index: Int) -> Bool {
        bytes[index] == CSVText.lf || (bytes[index] == CSVText.cr && (index + 1 == bytes.count || bytes[index + 1] == CSVText.lf))
    }

    private mutating func field(_ number: Int) throws -> String {
        let start = at
        guard take(CSVText.quote) else {
            while at < bytes.count, bytes[at] != CSVText.comma, !isLineEnd(at) { at += 1 }
            return try text(bytes[start..<at], number, line)
        }
        let startLine = line
        var content: [UInt8] = []
        while true {
            guard at < bytes.count else { throw failure("the quote never ends", number, startLine) }
            let byte = bytes[at]
            at += 1
            if byte == CSVText.lf { line += 1 }
            if byte == CSVText.quote, !take(CSVText.quote) { break }
            content.append(byte)
        }
        guard at == bytes.count || bytes[at] == CSVText.comma || isLineEnd(at) else {
            throw failure("text follows the closing quote", number, line)
        }
        return try text(content[...], number, startLine)
    }

    private func text(_ bytes: ArraySlice<UInt8>, _ number: Int, _ line: Int) throws -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw failure("it is not UTF-8", number, line) }
        return text
    }

    private func failure(_ what: String, _ number: Int, _ line: Int) -> JidokaError {
        .invalidArgument("`\(shown)` line \(line), field \(number): \(what)", hint: "write CSV as RFC 4180 has it, in UTF-8")
    }
}
