import Errors
internal import Glibc

/// A shared library that is opened at run time, and the places where it may lie, in the order in which they are tried:
/// the file that the environment variable names (then nothing else is tried), the system's own, `../lib/jidoka` beside the executable,
/// and what `scripts/setup native` put under `.cache/native` of the checkout that the executable was built in.
package struct NativeLibrary: Sendable {
    /// For messages, as `DuckDB`.
    package var name: String
    /// The environment variable that names the file, as `DUCKDB_LIBRARY`.
    package var variable: String
    /// What the system's loader and the installed folder know it by, as `libduckdb.so`.
    package var fileName: String
    /// Its folder under `.cache/native`.
    package var cacheFolder: String
    /// The folder of the running executable.
    package var executableFolder: String
    /// The value of `variable`, nil where it is unset or empty.
    package var override: String?

    package init(
        name: String, variable: String, fileName: String, cacheFolder: String,
        executableFolder: String = NativeLibrary.runningExecutableFolder(), environment: (String) -> String? = NativeLibrary.environment
    ) {
        self.name = name
        self.variable = variable
        self.fileName = fileName
        self.cacheFolder = cacheFolder
        self.executableFolder = executableFolder
        override = environment(variable).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The paths to try, best first. The system's name has no slash; the others are files that exist, except the override, which is
    /// tried as it stands so that a wrong one is reported.
    package func candidates() -> [String] {
        if let override { return [override] }
        var found = [fileName]
        let installed = "\(executableFolder)/../lib/jidoka/\(fileName)"
        if isFile(installed) { found.append(installed) }
        var folder = executableFolder
        while true {
            let cached = "\(folder)/.cache/native/\(cacheFolder)/\(fileName)"
            if isFile(cached) {
                found.append(cached)
                break
            }
            guard let slash = folder.lastIndex(of: "/"), slash > folder.startIndex else { break }
            folder = String(folder[..<slash])
        }
        return found
    }

    /// Opens the first candidate that `open` accepts; `open` answers nil, or why it could not. Throws `unavailable` with all the reasons.
    /// - Returns: the candidate that was opened.
    package func load(_ open: (String) -> String?) throws -> String {
        var reasons: [String] = []
        for candidate in candidates() {
            guard let reason = open(candidate) else { return candidate }
            reasons.append("`\(candidate)`: \(reason)")
        }
        let hint =
            override == nil
            ? "run `scripts/setup native`, or let \(variable) name the library's file"
            : "\(variable) is set: let it name the library's file, or unset it to use what `scripts/setup native` brings"
        throw JidokaError(.unavailable, "\(name) could not be loaded: \(reasons.joined(separator: "; "))", hint: hint)
    }

    package static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// The folder of the file that this process runs, without links.
    package static func runningExecutableFolder() -> String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let length = buffer.withUnsafeMutableBytes { readlink("/proc/self/exe", $0.baseAddress!, $0.count) }
        let path = String(decoding: buffer.prefix(max(0, length)), as: UTF8.self)
        return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}

/// What is known of a library: for `jidoka doctor`.
package struct LibraryStatus: Sendable, Equatable {
    /// The file it was loaded from.
    package var path: String?
    package var version: String?
    /// Why it could not be loaded, in words; nil where it was.
    package var problem: String?

    package init(path: String?, version: String?, problem: String?) {
        self.path = path
        self.version = version
        self.problem = problem
    }
}

private func isFile(_ path: String) -> Bool { access(path, R_OK) == 0 }
