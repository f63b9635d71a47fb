import Clockwork
import Columns
import Errors
import NativeLibraries
import Testing

@Suite struct LibraryTests {
    private func search(_ path: String) -> NativeLibrary {
        NativeLibrary(
            name: "DuckDB", variable: "DUCKDB_LIBRARY", fileName: "libduckdb.so", cacheFolder: "duckdb", environment: { _ in path })
    }

    @Test(arguments: ["/nowhere/libduckdb.so", "/etc/passwd", "libc.so.6"])
    func `an absent or wrong library is told plainly`(_ path: String) async throws {
        let engine = ColumnEngine(pool: BlockingPool(threads: 1), library: search(path))
        let error = await #expect(throws: JidokaError.self) { try await engine.query("SELECT 1") }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("`\(path)`") == true)
        #expect(error?.hint?.contains("scripts/setup native") == true)
        #expect(!engine.isOpen)
        let status = DuckDBLibrary.locate(search(path))
        #expect(status.path == nil && status.problem?.contains(path) == true)
    }

    @Test func `the library says where it is and which release it is`() {
        let status = DuckDBLibrary.locate()
        #expect(status.problem == nil)
        #expect(status.path?.hasSuffix(".so") == true)
        #expect(status.version?.hasPrefix("v") == true)
    }
}
