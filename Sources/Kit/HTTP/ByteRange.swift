/// The part of a file that a `Range` header asks for (RFC 9110 section 14).
enum ByteRange: Equatable {
    /// No range, several, another unit, or one that makes no sense: the whole is answered, as the standard allows.
    case whole
    case part(first: UInt64, count: UInt64)
    /// 416: it begins beyond the end.
    case unsatisfiable

    init(_ header: String?, length: UInt64) {
        guard let header, header.hasPrefix("bytes=") else {
            self = .whole
            return
        }
        let bounds = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2 else {
            self = .whole
            return
        }
        let first = UInt64(bounds[0])
        let last = UInt64(bounds[1])
        switch (first, last) {
        case (let first?, nil) where bounds[1].isEmpty:
            self = first < length ? .part(first: first, count: length - first) : .unsatisfiable
        case (let first?, let last?) where first <= last:
            self = first < length ? .part(first: first, count: min(last, length - 1) - first + 1) : .unsatisfiable
        case (nil, let suffix?) where bounds[0].isEmpty:
            self = suffix == 0 || length == 0 ? .unsatisfiable : .part(first: length - min(suffix, length), count: min(suffix, length))
        default: self = .whole
        }
    }
}
