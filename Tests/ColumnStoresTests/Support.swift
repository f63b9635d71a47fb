import Clockwork
import ColumnStores
import Columns
import Datasets
internal import FoundationEssentials
internal import Glibc
import Monitoring
import Serving
import Telemetry
import Testing

/// A folder of its own for one test, removed with it.
final class TemporaryFolder {
    let path: String

    init() throws {
        var name = Array("/tmp/jidoka-columnstores-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&name).map { String(cString: $0) })
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws -> String {
        let file = "\(path)/\(name)"
        try write(name, Array(text.utf8))
        return file
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        let descriptor = open("\(path)/\(name)", O_CREAT | O_WRONLY | O_TRUNC, 0o644)
        try #require(descriptor >= 0)
        try #require(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
        close(descriptor)
    }

    func read(_ name: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(filePath: "\(path)/\(name)"))) }

    func names(_ name: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(name)").sorted() }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }
}

/// A clock that stands at 2026-01-01 and sleeps not at all.
struct FixedTime: TimeSource {
    func now() -> Timestamp { Timestamp(microseconds: 1_767_225_600_000_000) }
    func steadyNanoseconds() -> UInt64 { SystemTime().steadyNanoseconds() }
    func sleep(for duration: Duration) async throws { try await SystemTime().sleep(for: .milliseconds(1)) }
}

/// Everything that the tests of one folder share.
struct Bench {
    let folder: TemporaryFolder
    let pool = BlockingPool(threads: 4)
    let engine: ColumnEngine
    let metrics = MetricsRegistry()

    init() throws {
        folder = try TemporaryFolder()
        engine = ColumnEngine(pool: pool)
    }

    func openLog(_ change: (inout PredictionLog.Options) -> Void = { _ in }) async throws -> PredictionLog {
        var options = PredictionLog.Options()
        change(&options)
        return try await PredictionLog.open(
            predictions: "\(folder.path)/predictions", labels: "\(folder.path)/labels", engine: engine, pool: pool, time: FixedTime(),
            logger: Logger(sink: MemorySink()), metrics: metrics, options: options)
    }

    /// Runs a query for its effect, with `{dir}` standing for the folder.
    func execute(_ sql: String) async throws { try await engine.execute(sql.replacing("{dir}", with: folder.path)) }

    func file(_ name: String) -> DatasetFile {
        DatasetFile(path: "\(folder.path)/\(name)", format: name.hasSuffix(".csv") ? .csv : .parquet)
    }
}

private let featureNames = ["age", "sex", "score"]

/// Row `n` of an endpoint: features, prediction and version follow from `n` alone.
func row(_ n: Int, endpoint: String = "e", route: Route = .champion, version: String = "1", error: String? = nil) -> PredictionRecord {
    let high: UInt64 = 0x0190_0000_0000_0000 + UInt64(n)
    let id = hex16(high) + hex16(SplitMix64.mix(UInt64(n)))
    let age: FeatureValue = n % 7 == 0 ? .missing : .number(Double(n % 90))
    let time = 1_767_225_600_000_000 + Int64(n) * 1_000
    return PredictionRecord(
        id: id, endpoint: endpoint, route: route, model: "m", version: version, unit: n % 2 == 0 ? id : "user-\(n)",
        time: Timestamp(microseconds: time), latencyMicroseconds: Int64(n % 900), featureNames: featureNames,
        features: [age, .text(n % 2 == 0 ? "f" : "m"), .number(Double(n) / 8)],
        prediction: error == nil ? .number(Double(n % 2)) : .missing, score: error == nil ? Double(n % 100) / 100 : nil, error: error)
}

func label(_ n: Int, _ value: Label.Value, time: Timestamp? = nil) -> Label { Label(predictionID: row(n).id, value: value, time: time) }

let arrival = Timestamp(microseconds: 1_767_300_000_000_000)

/// Not the type of that name in Testing.
typealias Expectation = Datasets.Expectation
