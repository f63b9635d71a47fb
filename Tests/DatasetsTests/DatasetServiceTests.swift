import Clockwork
import Datasets
import Errors
import Events
import JSON
import Synchronization
import Testing

/// The least back end that the service's rules can be seen with: one profile for all, everything in memory.
private final class MemoryBackend: DatasetStore, ValidationStore, ObjectFiles, DatasetProfiler, DatasetValidator, DatasetSplitter {
    struct State {
        var versions: [DatasetVersion] = []
        var results: [ValidationResult] = []
        var events: [EventDraft] = []
        var staged: [String: [UInt8]] = [:]
        var kept: Set<String> = []
    }
    let state = Mutex(State())

    func add(_ version: DatasetVersion, event: EventDraft) async throws -> (version: DatasetVersion, added: Bool) {
        state.withLock { state in
            if let known = state.versions.first(where: { $0.dataset == version.dataset && $0.digest == version.digest }) {
                return (known, false)
            }
            state.versions.append(version)
            state.events.append(event)
            return (version, true)
        }
    }
    func version(dataset: String, prefix: String) async throws -> DatasetVersion {
        guard let found = state.withLock({ $0.versions.first { $0.dataset == dataset && $0.digest.hasPrefix(prefix) } }) else {
            throw JidokaError.notFound("no version")
        }
        return found
    }
    func version(digest: String) async throws -> DatasetVersion? { state.withLock { $0.versions.first { $0.digest == digest } } }
    func versions(dataset: String, limit: Int, skip: Int) async throws -> [DatasetVersion] {
        state.withLock { Array($0.versions.filter { $0.dataset == dataset }.reversed().dropFirst(skip).prefix(limit)) }
    }
    func datasets(limit: Int, after: String?) async throws -> [DatasetSummary] {
        state.withLock { state in
            Dictionary(grouping: state.versions, by: \.dataset).compactMap { name, all in
                all.last.map { DatasetSummary(name: name, versions: Int64(all.count), newest: $0) }
            }
        }
    }
    func record(_ result: ValidationResult, event: EventDraft) async throws {
        state.withLock {
            $0.results.append(result)
            $0.events.append(event)
        }
    }
    func results(dataset: String, digest: String?, limit: Int) async throws -> [ValidationResult] { state.withLock { $0.results } }

    func stage(_ next: () async throws -> [UInt8]?) async throws -> StagedFile {
        var all: [UInt8] = []
        while let chunk = try await next() { all += chunk }
        // Any name that the content alone decides will do here.
        let digest = String((hex16(all.reduce(1) { $0 &* 31 &+ UInt64($1) }) + String(repeating: "a", count: 64)).prefix(64))
        state.withLock { $0.staged["/staging/\(digest)"] = all }
        return StagedFile(path: "/staging/\(digest)", digest: digest, bytes: Int64(all.count), firstBytes: Array(all.prefix(4)))
    }
    func stage(file path: String) async throws -> StagedFile { try await stage { nil } }
    func keep(_ staged: StagedFile) async throws { state.withLock { _ = $0.kept.insert(staged.digest) } }
    func discard(_ staged: StagedFile) async { state.withLock { $0.staged[staged.path] = nil } }
    func path(digest: String) async throws -> String { "/objects/\(digest)" }

    func profile(_ file: DatasetFile) async throws -> DatasetProfile {
        let bytes = state.withLock { $0.staged[file.path] } ?? []
        if bytes == Array("broken".utf8) { throw JidokaError.invalidArgument("the file cannot be read as CSV: no") }
        return DatasetProfile(
            rows: Int64(bytes.count), columns: [ColumnProfile(name: "a", type: "BIGINT", count: 1, missing: 0, distinct: 1)])
    }
    func validate(_ file: DatasetFile, suite: ExpectationSuite) async throws -> (rows: Int64, results: [ExpectationResult]) {
        let passes = !file.path.contains("staging")
        return (5, suite.expectations.map { ExpectationResult($0, success: passes, unexpectedCount: passes ? 0 : 2, message: "m") })
    }
    func part(_ part: DatasetPart, of file: DatasetFile, digest: String, split: DatasetSplit) async throws -> String {
        "/parts/\(part.rawValue)"
    }
}

@Suite struct DatasetServiceTests {
    private let backend = MemoryBackend()

    private var service: DatasetService {
        DatasetService(
            store: backend, validations: backend, files: backend, profiler: backend, validator: backend, splitter: backend,
            time: SystemTime(),
            ids: SystemIDs())
    }

    private func add(_ name: String, _ text: String, filename: String = "a.csv") async throws -> (version: DatasetVersion, added: Bool) {
        var chunks = text.isEmpty ? [] : [Array(text.utf8)]
        return try await service.add(.init(dataset: name, filename: filename, actor: "user:alice", reason: "yearly")) {
            chunks.isEmpty ? nil : chunks.removeFirst()
        }
    }

    @Test func `bytes become a version with a profile and one event`() async throws {
        let (version, added) = try await add("census", "a\n1\n", filename: "census-2015.csv")
        #expect(added)
        #expect(version.rows == 4 && version.bytes == 4 && version.format == .csv)
        #expect(version.source == "upload census-2015.csv")
        #expect(version.schema == [ColumnSchema(name: "a", type: "BIGINT")])
        #expect(version.version.count == 12)
        let event = try #require(backend.state.withLock { $0.events }.first)
        #expect(event.kind == "dataset_version.added" && event.actor == "user:alice" && event.reason == "yearly")
        #expect(event.payload["digest"]?.stringValue == version.digest)
        #expect(backend.state.withLock { $0.staged.isEmpty && $0.kept == [version.digest] })
    }

    @Test func `the same bytes again are the same version and say so`() async throws {
        let first = try await add("census", "a\n1\n")
        let second = try await add("census", "a\n1\n", filename: "other.csv")
        #expect(!second.added && second.version == first.version)
        #expect(backend.state.withLock { $0.events.count } == 1)
    }

    @Test func `a file that cannot be read leaves nothing behind`() async throws {
        let error = await #expect(throws: JidokaError.self) { _ = try await add("census", "broken") }
        #expect(error?.code == .invalidArgument)
        #expect(backend.state.withLock { $0.staged.isEmpty && $0.kept.isEmpty && $0.events.isEmpty })
    }

    @Test(arguments: ["", "a/b", ".hidden", "-x", "naïve", "a b", String(repeating: "x", count: 101)])
    func `a bad name is refused before a byte is read`(name: String) async {
        let error = await #expect(throws: JidokaError.self) {
            _ = try await service.add(.init(dataset: name, filename: "a.csv", actor: "a")) {
                Issue.record("bytes were read")
                return nil
            }
        }
        #expect(error?.code == .invalidArgument)
    }

    @Test func `versions are read by name and digits, the newest by default`() async throws {
        let first = try await add("census", "one").version
        let second = try await add("census", "two").version
        #expect(try await service.version(dataset: "census") == second)
        #expect(try await service.version(dataset: "census", version: first.version) == first)
        #expect(try await service.versions(dataset: "census").count == 2)
        let error = await #expect(throws: JidokaError.self) { _ = try await service.version(dataset: "censis") }
        #expect(error?.code == .notFound)
        #expect(error?.hint == "did you mean `census`?")
        #expect(try await service.file(digest: first.digest).path == "/objects/\(first.digest)")
    }

    @Test func `parts are Parquet of their own; all is the content itself`() async throws {
        let version = try await add("census", "one").version
        let split = DatasetSplit(key: "id", holdout: 0.2)
        #expect(try await service.part(.all, of: version, split: split) == DatasetFile(path: "/objects/\(version.digest)", format: .csv))
        #expect(try await service.part(.train, of: version, split: split) == DatasetFile(path: "/parts/train", format: .parquet))
        let error = await #expect(throws: JidokaError.self) {
            _ = try await service.part(.train, of: version, split: DatasetSplit(key: nil, holdout: 1))
        }
        #expect(error?.code == .invalidArgument)
    }

    @Test func `a check is an event, and a candidate is dropped afterwards`() async throws {
        let version = try await add("census", "one").version
        let suite = ExpectationSuite([.init(.notNull, column: "a"), .init(.rowCount(.init(min: 1)))])
        #expect(try await service.check(version, suite: suite, actor: "user:alice").success)
        var chunks = [Array("bad".utf8)]
        let result = try await service.check(dataset: "census", candidate: "batch.csv", suite: suite, actor: "user:bob") {
            chunks.isEmpty ? nil : chunks.removeFirst()
        }
        #expect(!result.success && !result.isVersion)
        let events = backend.state.withLock { $0.events }
        #expect(events.map(\.kind) == ["dataset_version.added", "validation.passed", "validation.failed"])
        #expect(events[2].actor == "user:bob" && events[2].reason == "2 of 2 expectations failed")
        #expect(events[2].payload["failed"] == ["not_null(a)", "row_count_between"])
        #expect(backend.state.withLock { $0.staged.isEmpty && $0.kept == [version.digest] })
    }
}
