import Errors
import JSON

/// What names of metrics, params and tags may look like: `^[/\w.\- :]*$` with Unicode letters and digits, and equal to their own
/// normal form as a path, because such names may become file names.
enum TrackingNames {
    /// - Throws: `invalid_argument` with the words of the MLflow server; `path` names the field, for example `metrics[3].name`.
    static func check(_ name: String, path: @autoclosure () -> String) throws {
        if isPlain(name) { return }
        let path = path()
        guard name.unicodeScalars.allSatisfy(isAllowed) else {
            throw invalid(
                name, path,
                "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).")
        }
        let normal = normalized(name)
        guard normal == name, normal != ".", !normal.hasPrefix(".."), !normal.hasPrefix("/") else {
            throw invalid(
                name, path,
                "Names may be treated as files in certain cases, and must not resolve to other names when treated as such. "
                    + "This name would resolve to '\(normal)'")
        }
    }

    /// Letters, digits and marks of ASCII without a slash, not beginning with a point: nearly all names, and beyond doubt.
    private static func isPlain(_ name: String) -> Bool {
        guard let first = name.utf8.first, first != 0x2E else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D, 0x2E, 0x20, 0x3A: true
            default: false
            }
        }
    }

    static func checkRunID(_ id: String) throws {
        let scalars = id.unicodeScalars
        guard let first = scalars.first, first.isASCII, isWord(first), first != "_", scalars.count <= 256,
            scalars.allSatisfy({ isWord($0) || $0 == "-" })
        else { throw JidokaError.invalidArgument("Invalid value \(JSONValue.string(id).text) for parameter 'run_id' supplied.") }
    }

    private static func invalid(_ name: String, _ path: String, _ why: String) -> JidokaError {
        .invalidArgument("Invalid value \(JSONValue.string(name).text) for parameter '\(path)' supplied: \(why)")
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "/", ".", "-", " ", ":": true
        default: isWord(scalar)
        }
    }

    /// Python's `\w`.
    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            let byte = UInt8(ascii: scalar)
            return byte == 0x5F || (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
        }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber, .letterNumber,
            .otherNumber:
            return true
        default: return false
        }
    }

    /// POSIX path normalisation, as Python's `posixpath.normpath`.
    static func normalized(_ path: String) -> String {
        if path.isEmpty { return "." }
        let slashes = path.hasPrefix("//") && !path.hasPrefix("///") ? 2 : path.hasPrefix("/") ? 1 : 0
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part != ".." || (slashes == 0 && (parts.isEmpty || parts.last == "..")) {
                parts.append(part)
            } else if !parts.isEmpty {
                parts.removeLast()
            }
        }
        let text = String(repeating: "/", count: slashes) + parts.joined(separator: "/")
        return text.isEmpty ? "." : text
    }
}
