internal import CDuckDB
package import NativeLibraries
import Errors
internal import Glibc
import Synchronization

/// DuckDB's shared library: opened at the first use, once per process.
package enum DuckDBLibrary {
    /// Where it is looked for, by the environment and the place of this program.
    package static var search: NativeLibrary {
        NativeLibrary(name: "DuckDB", variable: "DUCKDB_LIBRARY", fileName: "libduckdb.so", cacheFolder: "duckdb")
    }

    private struct State {
        var loadedFrom: String?
    }
    private static let state = Mutex(State())

    /// Loads the library unless it is there. Throws `unavailable` with the places that were tried.
    package static func load(_ search: NativeLibrary = DuckDBLibrary.search) throws {
        try state.withLock { state in
            if let loaded = state.loadedFrom, search.override == nil || search.override == loaded { return }
            state.loadedFrom = try search.load(open)
        }
    }

    /// Where the library is and which release it is, or why it cannot be had; loads it to find out.
    package static func locate(_ search: NativeLibrary = DuckDBLibrary.search) -> LibraryStatus {
        do {
            try load(search)
        } catch {
            return LibraryStatus(path: nil, version: nil, problem: JidokaError.wrapping(error).message)
        }
        return LibraryStatus(
            path: jidoka_duckdb_loaded_path().map { String(cString: $0) }, version: String(cString: duckdb_library_version()), problem: nil)
    }

    /// Nil where `path` was opened, else why not. The wheel's library needs the stub that set-up puts beside it; others have none.
    private static func open(_ path: String) -> String? {
        let stub = path.lastIndex(of: "/").map { "\(path[..<$0])/libpythonstub.so" }
        let stubHere = stub.flatMap { access($0, R_OK) == 0 ? $0 : nil }
        var reason = [CChar](repeating: 0, count: 1_024)
        guard jidoka_duckdb_load(path, stubHere, &reason, reason.count) else {
            return String(decoding: reason.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
        let version = String(cString: duckdb_library_version())
        return version.hasPrefix("v0.") ? "its release \(version) is too old: v1.3 or newer is needed" : nil
    }
}
