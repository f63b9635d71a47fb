import Errors

/// CSV of a request's body (RFC 4180): cells in quotes may hold commas, line ends and doubled quotes.
enum CSVReader {
    /// - Throws: `invalid_argument` for lines of different lengths and a quote that is not closed, with the line's number.
    static func lines(_ body: [UInt8]) throws -> [[String]] {
        var lines: [[String]] = []
        var line: [String] = []
        var cell: [UInt8] = []
        var isQuoted = false
        var index = body.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        func endCell() {
            line.append(String(decoding: cell, as: UTF8.self))
            cell = []
        }
        func endLine() throws {
            endCell()
            if line != [""] {
                if let first = lines.first, first.count != line.count {
                    throw JidokaError.invalidArgument(
                        "line \(lines.count + 1) of the CSV has \(line.count) cells, the first has \(first.count)")
                }
                lines.append(line)
            }
            line = []
        }
        while index < body.count {
            let byte = body[index]
            index += 1
            switch byte {
            case 0x22 where isQuoted:
                if index < body.count, body[index] == 0x22 {
                    cell.append(0x22)
                    index += 1
                } else {
                    isQuoted = false
                }
            case 0x22 where cell.isEmpty: isQuoted = true
            case 0x2C where !isQuoted: endCell()
            case 0x0A where !isQuoted: try endLine()
            case 0x0D where !isQuoted && index < body.count && body[index] == 0x0A: break
            default: cell.append(byte)
            }
        }
        guard !isQuoted else { throw JidokaError.invalidArgument("a quote in line \(lines.count + 1) of the CSV is not closed") }
        if !cell.isEmpty || !line.isEmpty { try endLine() }
        return lines
    }
}
