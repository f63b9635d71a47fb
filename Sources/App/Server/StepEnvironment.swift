import Glibc

/// What every step of a pipeline finds in its environment.
enum StepEnvironment {
    /// The server's own environment, with this program first on the PATH: a step that says `jidoka` means the one that runs it.
    static func base(_ environment: [String: String]) -> [String: String] {
        var base = environment
        if let folder = executableFolder { base["PATH"] = "\(folder):\(environment["PATH"] ?? "/usr/bin:/bin")" }
        return base
    }

    private static var executableFolder: String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { return nil }
        let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.lastIndex(of: "/").map { String(path[..<$0]) }
    }
}
