// `environ` is a C global; it is read once at start, before anything else runs.
@preconcurrency internal import Glibc

/// The environment of the process, read once in `main` and passed down. Of a name that stands twice the first counts, as with `getenv`.
package func processEnvironment() -> [String: String] {
    var found: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
        let text = String(cString: entry)
        if let equals = text.firstIndex(of: "="), equals != text.startIndex {
            let name = String(text[..<equals])
            if found[name] == nil { found[name] = String(text[text.index(after: equals)...]) }
        }
        next += 1
    }
    return found
}
