import Blobs
import Clockwork
import Errors
import Outbound
import S3

/// The object store that `--artifact-store` names, by the scheme of its address.
enum ArtifactBackend {
    /// Blocks at the start only. - Throws: `invalid_argument` for another scheme; what the store says when it cannot be used.
    static func open(_ url: String?, home: borrowing HomeFolder, environment: [String: String]) async throws -> any ObjectStore {
        let text = url ?? "file://\(home.objects)"
        switch text.split(separator: ":", maxSplits: 1).first.map(String.init) {
        case "file":
            let path = text.hasPrefix("file:///") ? String(text.dropFirst(7)) : ""
            guard path.count > 1, !path.contains("%") else { throw unknown(text) }
            return FileObjects(blobs: try BlobStore(folder: path), pool: BlockingPool(threads: 2))
        case "s3":
            let client = S3Client(
                location: try S3Location(url: text, environment: environment), credentials: try S3Credentials.find(environment),
                client: OutboundClient(pool: BlockingPool(threads: 16)), time: SystemTime())
            let copies = try BlobStore(folder: home.path + "/cache", isDurable: false)
            let store = S3Objects(client: client, cache: copies, pool: BlockingPool(threads: 4))
            try await store.check()
            return store
        default: throw unknown(text)
        }
    }

    private static func unknown(_ url: String) -> JidokaError {
        .invalidArgument("`\(url.prefix(200))` is no artifact store", hint: "write file:///path or s3://bucket/prefix")
    }
}
