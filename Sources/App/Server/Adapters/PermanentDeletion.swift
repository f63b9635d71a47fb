import Errors
import JSON
import Registry
import Tracking

/// One permanent deletion on its way through everything that was deleted: what registered versions need is kept, the rest is shown or goes,
/// part after part, each in transactions of its own, so that no number of runs is too many.
struct PermanentDeletion {
    private let archive: TrackingArchive
    private let artifacts: any ArtifactStore
    /// nil only shows.
    private let confirmation: (actor: String, reason: String)?
    /// Each place that a registered version takes its files from, and all folders above it.
    private let users: [String: String]
    private var removed: [ArchivedItem] = []
    private var removedCount = 0
    private var kept: [JSONObject] = []
    private var keptIDs: Set<String> = []
    /// Of a preview, which meets things of deleted experiments twice.
    private var shownIDs: Set<String> = []
    /// Experiments in which something is kept.
    private var needed: Set<String> = []
    private var isWhole = true
    /// So many are listed; all are counted. A preview ends there.
    static let listedMax = 10_000

    init(
        archive: TrackingArchive, registry: RegistryService, artifacts: any ArtifactStore, confirmation: (actor: String, reason: String)?
    ) async throws {
        self.archive = archive
        self.artifacts = artifacts
        self.confirmation = confirmation
        var users: [String: String] = [:]
        var offset: Int? = 0
        while let at = offset {
            let page = try await registry.searchVersions(ModelVersionSearch(offset: at, limit: 10_000))
            for version in page.items {
                var place = Substring(version.storageLocation)
                while !place.isEmpty {
                    users[String(place)] = users[String(place)] ?? "\(version.ref)"
                    place = place[..<(place.lastIndex(of: "/") ?? place.startIndex)]
                }
            }
            offset = page.nextOffset
        }
        self.users = users
    }

    mutating func run(_ request: PurgeRequest) async throws -> JSONObject {
        try await archive.requireDeleted(request)
        try await archive.walk(request) { part in
            try await take(part)
            isWhole = confirmation != nil || removedCount < PermanentDeletion.listedMax
            return isWhole
        }
        return [
            "purged": .bool(confirmation != nil), "items": .array(removed.map { .object($0.json) }),
            "count": .int(Int64(removedCount)), "more": .bool(!isWhole), "kept": .array(kept.map(JSONValue.object)),
            "kept_count": .int(Int64(keptIDs.count)),
        ]
    }

    private mutating func take(_ part: [ArchivedItem]) async throws {
        let going = part.filter { item in
            let key = "\(item.kind.rawValue) \(item.id)"
            if let why = reasonToKeep(item) {
                needed.insert(item.experimentID)
                guard keptIDs.insert(key).inserted, kept.count < PermanentDeletion.listedMax else { return false }
                var document = item.json
                document["because"] = .string(why)
                kept.append(document)
                return false
            }
            return confirmation != nil || shownIDs.insert(key).inserted
        }
        removed += going.prefix(PermanentDeletion.listedMax - removed.count)
        removedCount += going.count
        guard let confirmation, !going.isEmpty else { return }
        try await archive.purge(going, actor: confirmation.actor, reason: confirmation.reason)
        // The rows are gone and the event says where the files lay; their paths go now, their bytes when no other path has them.
        for item in going where item.artifactURI.hasPrefix("mlflow-artifacts:") {
            try await artifacts.delete(try ArtifactPath(uri: item.artifactURI))
        }
    }

    private func reasonToKeep(_ item: ArchivedItem) -> String? {
        if item.kind == .experiment { return needed.contains(item.id) ? "something in it is kept" : nil }
        guard !item.artifactURI.isEmpty, let user = users[item.artifactURI] else { return nil }
        return "model version \(user) takes its files from it"
    }
}
