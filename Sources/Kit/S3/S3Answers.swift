import Clockwork
import Errors
internal import Glibc

/// What S3's XML answers say, by the names of their elements: they are flat lists of flat records.
enum S3Answers {
    /// The text of the first element of that name, entities undone; nil when there is none.
    static func first(_ name: String, in text: some StringProtocol) -> String? { each(name, in: text).first.map(undone) }

    /// What is between each pair of tags of that name.
    static func each<Text: StringProtocol>(_ name: String, in text: Text) -> [Substring] {
        var found: [Substring] = []
        var rest = Substring(text)
        let (opening, closing) = ("<\(name)>", "</\(name)>")
        while let start = range(of: opening, in: rest), let end = range(of: closing, in: rest[start.upperBound...]) {
            found.append(rest[start.upperBound..<end.lowerBound])
            rest = rest[end.upperBound...]
        }
        return found
    }

    private static func range(of needle: String, in text: Substring) -> Range<Substring.Index>? {
        let bytes = text.utf8
        let wanted = Array(needle.utf8)
        var at = bytes.startIndex
        while let candidate = bytes[at...].firstIndex(of: wanted[0]) {
            if bytes[candidate...].starts(with: wanted) {
                return candidate..<bytes.index(candidate, offsetBy: wanted.count)
            }
            at = bytes.index(after: candidate)
        }
        return nil
    }

    private static func undone(_ text: Substring) -> String {
        var out = ""
        var rest = text
        let entities = [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#34;", "\"")]
        while let first = rest.first {
            if first == "&", let (entity, character) = entities.first(where: { rest.hasPrefix($0.0) }) {
                out += character
                rest = rest.dropFirst(entity.count)
            } else {
                out.append(first)
                rest = rest.dropFirst()
            }
        }
        return out
    }

    /// `2026-11-21T00:48:34.000Z` or `Sat, 21 Nov 2026 00:48:34 GMT`.
    static func time(_ text: String) -> Timestamp? {
        let parts = text.split { " -T:,Z.".contains($0) }.map(String.init)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        var numbers: [Int32] = []
        if parts.count >= 7, let month = months.firstIndex(of: parts[2]) {
            numbers = [parts[3], String(month + 1), parts[1], parts[4], parts[5], parts[6]].compactMap { Int32($0) }
        } else if parts.count >= 6 {
            numbers = parts.prefix(6).compactMap { Int32($0) }
        }
        guard numbers.count == 6 else { return nil }
        var moment = tm()
        (moment.tm_year, moment.tm_mon, moment.tm_mday) = (numbers[0] - 1_900, numbers[1] - 1, numbers[2])
        (moment.tm_hour, moment.tm_min, moment.tm_sec) = (numbers[3], numbers[4], numbers[5])
        return Timestamp(milliseconds: Int64(timegm(&moment)) * 1_000)
    }

    /// The one error value for a refusal.
    static func failure(_ status: Int, _ body: String, doing: String, at place: String) -> JidokaError {
        let code = first("Code", in: body) ?? "status \(status)"
        let cause = first("Message", in: body).map { JidokaError(.internal, $0) }
        let message = "could not \(doing) at `\(place)`: \(code)"
        switch status {
        case 404 where code == "NoSuchBucket":
            return JidokaError(.failedPrecondition, message, hint: "make the bucket first, or correct --artifact-store", cause: cause)
        case 404: return JidokaError(.notFound, message, cause: cause)
        case 401, 403:
            return JidokaError(
                .unavailable, message, hint: "check the credentials, their rights on the bucket, the region, and this machine's clock",
                fields: ["answered": String(status)], cause: cause)
        case 429, 500...: return JidokaError(.unavailable, message, hint: "try again", fields: ["answered": String(status)], cause: cause)
        default: return JidokaError(.internal, message, fields: ["answered": String(status), "s3_code": code], cause: cause)
        }
    }
}
