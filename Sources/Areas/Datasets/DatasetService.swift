package import Clockwork
import Errors
import Events
import JSON

/// The rules of datasets: bytes become a version with a profile and an event; versions are read, split and checked.
package struct DatasetService: Sendable {
    private let store: any DatasetStore
    private let validations: any ValidationStore
    private let files: any ObjectFiles
    private let profiler: any DatasetProfiler
    private let validator: any DatasetValidator
    private let splitter: any DatasetSplitter
    private let time: any TimeSource
    private let ids: any IDSource

    package init(
        store: any DatasetStore, validations: any ValidationStore, files: any ObjectFiles, profiler: any DatasetProfiler,
        validator: any DatasetValidator, splitter: any DatasetSplitter, time: any TimeSource, ids: any IDSource
    ) {
        self.store = store
        self.validations = validations
        self.files = files
        self.profiler = profiler
        self.validator = validator
        self.splitter = splitter
        self.time = time
        self.ids = ids
    }

    /// What the caller says about an added file.
    package struct Addition: Sendable {
        package var dataset: String
        /// The file's own name; its ending helps to tell the format.
        package var filename: String
        package var actor: String
        package var reason: String
        /// Overrides the text `upload <filename>`.
        package var source: String?
        package var parents: [String]

        package init(dataset: String, filename: String, actor: String, reason: String = "", source: String? = nil, parents: [String] = []) {
            self.dataset = dataset
            self.filename = filename
            self.actor = actor
            self.reason = reason
            self.source = source
            self.parents = parents
        }
    }

    /// Adds the bytes that `next` gives (nil at the end) as a version. The same bytes again are the same version, and `added` is false.
    /// - Throws: `invalid_argument` for a bad name or a file that cannot be read as Parquet or CSV; nothing is kept then.
    package func add(_ addition: Addition, next: () async throws -> [UInt8]?) async throws -> (version: DatasetVersion, added: Bool) {
        try checkName(addition.dataset)
        return try await keep(try await files.stage(next), addition)
    }

    /// The same from a file on this machine, for what the server itself has written.
    package func add(_ addition: Addition, file path: String) async throws -> (version: DatasetVersion, added: Bool) {
        try checkName(addition.dataset)
        return try await keep(try await files.stage(file: path), addition)
    }

    private func keep(_ staged: StagedFile, _ addition: Addition) async throws -> (version: DatasetVersion, added: Bool) {
        do {
            let answer = try await record(staged, addition)
            await files.discard(staged)
            return answer
        } catch {
            await files.discard(staged)
            throw error
        }
    }

    private func record(_ staged: StagedFile, _ addition: Addition) async throws -> (version: DatasetVersion, added: Bool) {
        let format = DatasetFormat(firstBytes: staged.firstBytes, filename: addition.filename)
        let profile = try await profiler.profile(DatasetFile(path: staged.path, format: format))
        try await files.keep(staged)
        let version = DatasetVersion(
            dataset: addition.dataset, digest: staged.digest, rows: profile.rows, bytes: staged.bytes, format: format, profile: profile,
            source: addition.source ?? "upload \(addition.filename)", parents: addition.parents, createdAt: time.now(),
            actor: addition.actor)
        let event = EventDraft(
            kind: "dataset_version.added", subject: EventSubject("dataset", version.dataset), actor: addition.actor,
            reason: addition.reason,
            payload: [
                "version": .string(version.version), "digest": .string(version.digest), "rows": .int(version.rows),
                "bytes": .int(version.bytes),
                "source": .string(version.source), "parents": .array(version.parents.map(JSONValue.string)),
            ],
            time: version.createdAt)
        return try await store.add(version, event: event)
    }

    /// Names are 1...100 of the letters, digits, `_`, `-` and `.`, beginning with a letter or digit.
    private func checkName(_ name: String) throws {
        let bytes = Array(name.utf8)
        func isAlphanumeric(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (97...122).contains(byte | 0x20) }
        let safe = bytes.allSatisfy { isAlphanumeric($0) || $0 == 0x5F || $0 == 0x2D || $0 == 0x2E }
        guard let first = bytes.first, safe, isAlphanumeric(first), bytes.count <= 100 else {
            throw JidokaError.invalidArgument(
                "`\(name)` cannot name a dataset", hint: "use 1 to 100 letters, digits, `_`, `-` or `.`, beginning with a letter or digit")
        }
    }
}

// MARK: Reading
extension DatasetService {
    package func datasets(limit: Int = 1_000, after: String? = nil) async throws -> [DatasetSummary] {
        try await store.datasets(limit: limit, after: after)
    }

    package func versions(dataset: String, limit: Int = 100, skip: Int = 0) async throws -> [DatasetVersion] {
        let versions = try await store.versions(dataset: dataset, limit: limit, skip: skip)
        if versions.isEmpty, skip == 0 { throw await unknown(dataset) }
        return versions
    }

    /// A version by its digest or the beginning of it; the newest one when `version` is nil.
    package func version(dataset: String, version: String? = nil) async throws -> DatasetVersion {
        if let version { return try await store.version(dataset: dataset, prefix: version) }
        guard let newest = try await store.versions(dataset: dataset, limit: 1, skip: 0).first else { throw await unknown(dataset) }
        return newest
    }

    /// The version with this digest, whatever its dataset; nil when none is known.
    package func version(digest: String) async throws -> DatasetVersion? { try await store.version(digest: digest) }

    /// Where the bytes of a digest lie and how to read them, for other readers of the same content.
    package func file(digest: String) async throws -> DatasetFile {
        guard let version = try await store.version(digest: digest) else {
            throw JidokaError.notFound("no dataset version has the digest `\(digest)`", hint: "list the versions with `jidoka data list`")
        }
        return DatasetFile(path: try await files.path(digest: version.digest), format: version.format)
    }

    /// A file with the rows of a part. `all` without a split is the content as it was added; the other parts are Parquet.
    package func part(_ part: DatasetPart, of version: DatasetVersion, split: DatasetSplit) async throws -> DatasetFile {
        let file = DatasetFile(path: try await files.path(digest: version.digest), format: version.format)
        if part == .all { return file }
        guard split.holdout >= 0, split.holdout < 1 else {
            throw JidokaError.invalidArgument("the holdout share \(split.holdout) is not below 1", hint: "write a number between 0 and 1")
        }
        return DatasetFile(path: try await splitter.part(part, of: file, digest: version.digest, split: split), format: .parquet)
    }

    private func unknown(_ dataset: String) async -> JidokaError {
        let names: [String]
        do { names = try await store.datasets(limit: 1_000, after: nil).map(\.name) } catch { return .wrapping(error) }
        let near = nearestName(to: dataset, among: names).map { "did you mean `\($0)`?" } ?? "add it with `jidoka data add \(dataset) FILE`"
        return .notFound("no dataset is called `\(dataset)`", hint: near)
    }
}

// MARK: Checking
extension DatasetService {
    /// Checks a kept version.
    package func check(_ version: DatasetVersion, suite: ExpectationSuite, actor: String) async throws -> ValidationResult {
        let file = DatasetFile(path: try await files.path(digest: version.digest), format: version.format)
        return try await check(file, dataset: version.dataset, digest: version.digest, isVersion: true, suite: suite, actor: actor)
    }

    /// Checks a candidate that is dropped afterwards.
    package func check(
        dataset: String, candidate filename: String, suite: ExpectationSuite, actor: String, next: () async throws -> [UInt8]?
    ) async throws -> ValidationResult {
        try checkName(dataset)
        let staged = try await files.stage(next)
        do {
            let file = DatasetFile(path: staged.path, format: DatasetFormat(firstBytes: staged.firstBytes, filename: filename))
            let result = try await check(file, dataset: dataset, digest: staged.digest, isVersion: false, suite: suite, actor: actor)
            await files.discard(staged)
            return result
        } catch {
            await files.discard(staged)
            throw error
        }
    }

    private func check(
        _ file: DatasetFile, dataset: String, digest: String, isVersion: Bool, suite: ExpectationSuite, actor: String
    ) async throws -> ValidationResult {
        let (rows, results) = try await validator.validate(file, suite: suite)
        let result = ValidationResult(
            id: ids.next(), dataset: dataset, digest: digest, isVersion: isVersion, rows: rows, expectations: results, checkedAt: time.now()
        )
        let failed = result.failed.map { miss in miss.column.map { "\(miss.name)(\($0))" } ?? miss.name }
        let event = EventDraft(
            kind: result.success ? "validation.passed" : "validation.failed", subject: EventSubject("dataset", dataset), actor: actor,
            reason: result.success ? "all expectations hold" : "\(result.failed.count) of \(results.count) expectations failed",
            payload: [
                "validation": .string(result.id), "digest": .string(digest),
                "version": isVersion ? .string(String(digest.prefix(12))) : .null,
                "rows": .int(rows), "failed": .array(failed.prefix(50).map(JSONValue.string)),
            ],
            time: result.checkedAt)
        try await validations.record(result, event: event)
        return result
    }

    package func validations(dataset: String, digest: String? = nil, limit: Int = 100) async throws -> [ValidationResult] {
        try await validations.results(dataset: dataset, digest: digest, limit: limit)
    }
}
