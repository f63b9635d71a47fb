import Tracking

/// Finds the artifacts of an MLflow store on this machine: below the store's own folder first, so that a folder that was moved or
/// downloaded is read as it lies, then where its URI says.
struct LocalArtifacts: Sendable {
    /// Folders that stand for the artifact root: the store itself, and what the user named.
    var roots: [String]
    var remarks: Remarks

    func files(of place: ArtifactPlace) -> [SourceFile] {
        // MLflow makes an empty folder in its store for a run whose experiment keeps artifacts elsewhere.
        for root in roots {
            let found = Disk.files("\(root)/\(place.inside)")
            if !found.isEmpty { return found }
        }
        if place.uri.hasPrefix("mlflow-artifacts:"), let path = try? ArtifactPath(uri: place.uri) {
            for root in roots where Disk.isFolder("\(root)/\(path)") { return Disk.files("\(root)/\(path)") }
            remarks.add("the artifacts of \(place.inside) are kept by a server: name its artifact folder with --artifacts to bring them")
            return []
        }
        guard let local = LocalArtifacts.path(place.uri) else {
            remarks.add("artifacts at \(place.uri) are not on this machine and stay there")
            return []
        }
        return Disk.files(local)
    }

    /// The path that a `file:` URI or a plain path means; nil for other schemes.
    static func path(_ uri: String) -> String? {
        if uri.hasPrefix("/") { return uri }
        guard uri.hasPrefix("file:") else { return nil }
        var rest = Substring(uri.dropFirst(5))
        if rest.hasPrefix("//") { rest = rest.dropFirst(2).drop { $0 != "/" } }
        return rest.hasPrefix("/") ? percentDecoded(String(rest)) : nil
    }

    private static func percentDecoded(_ text: String) -> String {
        var out: [UInt8] = []
        let bytes = Array(text.utf8)
        var at = 0
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "%"), at + 2 < bytes.count,
                let byte = UInt8(String(decoding: bytes[at + 1...at + 2], as: UTF8.self), radix: 16)
            {
                out.append(byte)
                at += 3
            } else {
                out.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
