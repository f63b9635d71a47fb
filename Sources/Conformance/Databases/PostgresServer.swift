import Errors
import Glibc
package import SQL

/// A PostgreSQL server of this test process: made when first asked for, in a temporary folder, reached through a socket in it, run by an
/// unprivileged user. It ends with the process, however that ends: a shell waits for the end of its input, stops the server by its pid
/// file and removes the folder.
package final class PostgresServer: Sendable {
    /// One server serves all tests of a process; each takes a schema of its own.
    package static let shared = Result { try PostgresServer() }

    private let folder: String

    private init() throws {
        folder = try TemporaryFolder.make("postgres")
        let binaries = try PostgresServer.binaries()
        let said = "\(folder)/said"
        guard mkfifo(said, 0o600) == 0 else { throw JidokaError.unavailable("no pipe could be made in \(folder)") }
        // `initdb` refuses to run as root; Debian's package brings the user.
        var command = "exec /bin/sh -c '\(PostgresServer.script)' sh \(binaries) \(folder)"
        if getuid() == 0 {
            guard let user = getpwnam("postgres"), chown(folder, user.pointee.pw_uid, user.pointee.pw_gid) == 0,
                chown(said, user.pointee.pw_uid, user.pointee.pw_gid) == 0
            else {
                throw JidokaError.failedPrecondition("there is no user `postgres` to run the server", hint: "`scripts/setup test`")
            }
            command = "exec setpriv --reuid=postgres --regid=postgres --clear-groups " + command.dropFirst("exec ".count)
        }
        // The stream stays open for the life of this process: its end is what the shell waits for.
        guard popen(command, "we") != nil else { throw JidokaError.unavailable("no shell could be started") }
        let heard = open(said, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        defer { close(heard) }
        var waiting = pollfd(fd: heard, events: Int16(POLLIN), revents: 0)
        poll(&waiting, 1, 90_000)
        var bytes = [UInt8](repeating: 0, count: 500)
        let count = read(heard, &bytes, bytes.count)
        let words = String(decoding: bytes[..<max(0, count)], as: UTF8.self)
        guard words.hasPrefix("ready") else {
            throw JidokaError.unavailable("the PostgreSQL server of the tests did not start: \(words)", hint: "see \(folder)")
        }
    }

    private static let script = """
        trap : INT TERM HUP
        binaries=$1 folder=$2
        cd "$folder"
        if "$binaries/initdb" -D data -U jidoka -A trust --locale=C --encoding=UTF8 --no-sync >log 2>&1 &&
            "$binaries/pg_ctl" -D data -w -t 60 -l log -o "-k $folder -c listen_addresses= -c fsync=off -c full_page_writes=off \
        -c max_connections=300 -c shared_buffers=32MB" start </dev/null >>log 2>&1
        then echo ready >said; else tail -n 3 log >said; fi
        exec >/dev/null 2>&1
        cat
        "$binaries/pg_ctl" -D data -m immediate stop
        cd /; rm -rf "$folder"
        """

    /// The folder of `initdb` and `postgres`: Debian keeps them off the PATH.
    private static func binaries() throws -> String {
        let folders = (13...30).reversed().map { "/usr/lib/postgresql/\($0)/bin" } + ["/usr/local/bin", "/usr/bin"]
        guard let found = folders.first(where: { access("\($0)/initdb", X_OK) == 0 }) else {
            throw JidokaError.failedPrecondition("PostgreSQL is not installed, and the tests need it", hint: "`scripts/setup test`")
        }
        return found
    }

    package func location(schema: String) -> DatabaseLocation {
        .postgres(url: "postgresql://jidoka@/postgres?host=\(folder)&options=-csearch_path%3D\(schema)")
    }
}

/// Folders below `/tmp`: a socket's path must be short.
enum TemporaryFolder {
    static func make(_ use: String) throws -> String {
        var path = Array("/tmp/jidoka-\(use)-XXXXXX".utf8CString)
        guard mkdtemp(&path) != nil else { throw JidokaError.unavailable("no temporary folder could be made") }
        return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
