import Blobs
import Clockwork
import Errors
import Outbound
import S3
import Telemetry

/// The object store that `--artifact-store` names, by the scheme of its address.
enum ArtifactBackend {
    /// Blocks at the start only. - Throws: `invalid_argument` for another scheme; what the store says when it cannot be used.
    static func open(
        _ settings: ServerSettings, home: borrowing HomeFolder, environment: [String: String], logger: Logger
    ) async throws -> any ObjectStore {
        let text = settings.artifactStore ?? "file://\(home.objects)"
        switch text.split(separator: ":", maxSplits: 1).first.map(String.init) {
        case "file":
            let path = text.hasPrefix("file:///") ? String(text.dropFirst(7)) : ""
            guard path.count > 1, !path.contains("%") else { throw unknown(text) }
            return FileObjects(blobs: try BlobStore(folder: path), pool: BlockingPool(threads: 2))
        case "s3":
            let client = S3Client(
                location: try S3Location(url: text, environment: environment), outside: try outside(text, environment),
                credentials: try S3Credentials.find(environment), client: OutboundClient(pool: BlockingPool(threads: 16)),
                time: SystemTime(), logger: logger)
            let copies = try BlobStore(folder: home.path + "/cache", isDurable: false)
            let store = S3Objects(
                client: client, cache: copies, pool: BlockingPool(threads: 4), isDirect: settings.hasDirectTransfers)
            try await store.check()
            return store
        default: throw unknown(text)
        }
    }

    /// The bucket as clients reach it, when that is another address than this server's own.
    private static func outside(_ url: String, _ environment: [String: String]) throws -> S3Location? {
        guard let endpoint = environment["JIDOKA_S3_CLIENT_ENDPOINT_URL"], !endpoint.isEmpty else { return nil }
        return try S3Location(url: url, environment: environment.merging(["AWS_ENDPOINT_URL_S3": endpoint]) { $1 })
    }

    private static func unknown(_ url: String) -> JidokaError {
        .invalidArgument("`\(url.prefix(200))` is no artifact store", hint: "write file:///path or s3://bucket/prefix")
    }
}
