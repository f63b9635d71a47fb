import Errors
import Glibc
import Processes

/// `pg_dump` and `pg_restore` on one database. The password travels in the environment: the arguments of a process are seen by everyone.
struct PostgresTools {
    private let url: String
    private let environment: [String: String]

    init(_ url: String, environment: [String: String]) {
        let (plain, password) = PostgresAddress.split(url)
        self.url = plain
        var environment = environment
        if let password { environment["PGPASSWORD"] = password }
        self.environment = environment
    }

    /// The whole database as of now, in one file.
    func dump(to file: String) throws {
        do { try run(["pg_dump", "--format=custom", "--file=\(file)", "--dbname=\(url)"], log: file + ".log") } catch {
            unlink(file)
            throw error
        }
    }

    /// The tables that a dump holds.
    func tables(of file: String) throws -> [String] {
        let list = try run(["pg_restore", "--list", file], log: file + ".list")
        // `215; 1259 16386 TABLE public experiments owner`
        return list.split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.split(separator: " ")
            guard let at = words.firstIndex(of: "TABLE"), at == 3, words.count > at + 2 else { return nil }
            return String(words[at + 2])
        }
    }

    /// Puts a dump in the place of what is there, in one transaction, without the tables `dropping` that only the old one has.
    func restore(_ file: String, dropping: [String]) throws {
        let script = file + ".sql"
        defer { unlink(script) }
        try run(["pg_restore", "--clean", "--if-exists", "--no-owner", "--file=\(script)", file], log: file + ".log")
        let drops = dropping.map { "--command=DROP TABLE IF EXISTS \"\($0)\" CASCADE" }
        try run(
            ["psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--dbname=\(url)"] + drops + [
                "--file=\(script)"
            ],
            log: file + ".log")
    }

    /// What the tool said.
    @discardableResult
    private func run(_ arguments: [String], log: String) throws -> String {
        defer { unlink(log) }
        let child: ChildProcess
        do { child = try ChildProcess.spawn(arguments: arguments, environment: environment, folder: "/", log: log) } catch {
            throw JidokaError.failedPrecondition(
                "this needs `\(arguments[0])`, and there is none on the PATH", hint: "`apt-get install postgresql-client`")
        }
        let status = child.wait()
        let said = String(decoding: try readFile(log), as: UTF8.self)
        guard status == 0 else {
            throw JidokaError.unavailable("`\(arguments[0])` failed: \(said.split(whereSeparator: \.isNewline).last ?? "")")
        }
        return said
    }
}

/// The address of a PostgreSQL database without its password, which stands between the first `:` and the last `@` before the host.
enum PostgresAddress {
    static func split(_ url: String) -> (url: String, password: String?) {
        guard let scheme = url.firstRange(of: "://") else { return (url, nil) }
        let rest = url[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else { return (url, nil) }
        let password = String(authority[authority.index(after: colon)..<at])
        return (String(url[..<colon]) + String(url[at...]), decoded(password))
    }

    /// Percent escapes as RFC 3986 has them.
    private static func decoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
