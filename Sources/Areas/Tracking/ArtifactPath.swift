import Errors

/// The place of an artifact below the server's artifact root: `0/<run>/artifacts/model/MLmodel`.
///
/// There is no other way to name an artifact, and none of these names is a file name of the server: contents are found by digest.
/// Even so, everything that could ever be taken for a way out of a folder is refused, after percent-decoding until nothing changes
/// (the CVEs of loop.md section 5.1): `..`, absolute paths, drive letters, backslashes, `#`, control characters, URL schemes.
package struct ArtifactPath: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Never empty; no empty, `.` or `..` segment.
    package let segments: [String]

    package static let lengthMax = 4_096
    package static let segmentMax = 255
    private static let decodingsMax = 16

    /// - Throws: `invalid_argument` "Invalid path".
    package init(_ path: String) throws {
        try ArtifactPath.check(path)
        let segments = path.split(separator: "/").map(String.init).filter { $0 != "." }
        guard !segments.isEmpty, segments.allSatisfy({ $0.utf8.count <= ArtifactPath.segmentMax }) else { throw ArtifactPath.invalid }
        self.segments = segments
    }

    private init(segments: [String]) { self.segments = segments }

    /// nil for the root itself: "", ".", "/".
    package static func folder(_ path: String?) throws -> ArtifactPath? {
        guard let path, !path.isEmpty, path != ".", path != "/" else { return nil }
        return try ArtifactPath(path)
    }

    package var description: String { segments.joined(separator: "/") }
    package var name: String { segments[segments.count - 1] }
    package var parent: ArtifactPath? { segments.count > 1 ? ArtifactPath(segments: Array(segments.dropLast())) : nil }
    /// By the bytes of the text form.
    package static func < (a: ArtifactPath, b: ArtifactPath) -> Bool { a.description.utf8.lexicographicallyPrecedes(b.description.utf8) }

    package func appending(_ path: ArtifactPath) -> ArtifactPath { ArtifactPath(segments: segments + path.segments) }

    package func isInside(_ folder: ArtifactPath) -> Bool {
        segments.count > folder.segments.count && segments.starts(with: folder.segments)
    }

    /// The part of a URI such as `mlflow-artifacts:/1/m` or `mlflow-artifacts://host:5000/1/m` below `root`.
    /// - Throws: `invalid_argument` when the URI does not lie there.
    package init(uri: String, root: String = "mlflow-artifacts:") throws {
        guard uri.hasPrefix(root) else { throw ArtifactPath.invalid }
        var rest = uri.dropFirst(root.count)
        if rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            rest = rest.drop { $0 != "/" }
        }
        guard rest.hasPrefix("/") else { throw ArtifactPath.invalid }
        try self.init(String(rest.dropFirst()))
    }

    private static var invalid: JidokaError { .invalidArgument("Invalid path") }

    private static func check(_ path: String) throws {
        guard !path.isEmpty, path.utf8.count <= lengthMax else { throw invalid }
        var decoded = Array(path.utf8)
        var rounds = 0
        // Clients before 3.0 write `%` between the parts of an image's name (`loss%step%10%…`): what only looks like a control character
        // after decoding is fine, but no line end and no zero byte.
        guard decoded.allSatisfy({ $0 >= 0x20 }) else { throw invalid }
        while true {
            try checkDecoded(decoded)
            guard let next = percentDecoded(decoded) else { return }
            rounds += 1
            guard rounds < decodingsMax else { throw invalid }
            decoded = next
        }
    }

    private static func checkDecoded(_ path: [UInt8]) throws {
        let backslash = UInt8(ascii: "\\")
        let hash = UInt8(ascii: "#")
        let ends: [UInt8] = [0x00, 0x0A, 0x0D, 0x7F]
        guard path.first != UInt8(ascii: "/"), path.allSatisfy({ !ends.contains($0) && $0 != backslash && $0 != hash }) else {
            throw invalid
        }
        if path.count >= 2, path[1] == UInt8(ascii: ":"), path[0] | 0x20 >= 0x61, path[0] | 0x20 <= 0x7A { throw invalid }
        let segments = path.split(separator: UInt8(ascii: "/"))
        // `..` also in the disguises `.. ` and `%2e.` that some file systems or decoders fold.
        let dots = segments.contains { segment in
            segment.count >= 2 && segment.allSatisfy { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: " ") }
        }
        let scheme = segments.first.map { $0.last == UInt8(ascii: ":") } ?? false
        guard !dots, !scheme else { throw invalid }
    }

    /// nil when nothing is encoded.
    private static func percentDecoded(_ path: [UInt8]) -> [UInt8]? {
        var out: [UInt8] = []
        var changed = false
        var at = 0
        while at < path.count {
            if path[at] == UInt8(ascii: "%"), at + 2 < path.count, let high = hex(path[at + 1]), let low = hex(path[at + 2]) {
                out.append(high << 4 | low)
                changed = true
                at += 3
            } else {
                out.append(path[at])
                at += 1
            }
        }
        return changed ? out : nil
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
