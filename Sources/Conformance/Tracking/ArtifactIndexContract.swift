import Errors
import Clockwork
package import Tracking

/// What every `ArtifactIndex` does.
package enum ArtifactIndexContract {
    package static let checks: [ContractCheck<any ArtifactIndex>] = [
        ContractCheck("a path points to the content put last", putAndEntry),
        ContractCheck("folders list their direct children by name, in pages", list),
        ContractCheck("files of a folder come from any depth, in pages", files),
        ContractCheck("a file is no folder and a folder no file", kinds),
        ContractCheck("removing takes what is below, and folders that became empty", remove),
    ]

    private static let digest = String(repeating: "a", count: 64)

    private static func put(_ path: String, in index: any ArtifactIndex, digest: String = digest, size: Int64 = 1) async throws {
        try await index.put(try ArtifactPath(path), digest: digest, size: size, at: TrackingStores.start)
    }

    @Sendable private static func putAndEntry(_ index: any ArtifactIndex) async throws {
        try await put("1/a/x.txt", in: index, size: 3)
        let path = try ArtifactPath("1/a/x.txt")
        try Broken.unless(try await index.entry(path), is: ArtifactEntry(path: path, digest: digest, size: 3), "the entry")
        let other = String(repeating: "b", count: 64)
        try await put("1/a/x.txt", in: index, digest: other, size: 4)
        try Broken.unless(try await index.entry(path), is: ArtifactEntry(path: path, digest: other, size: 4), "the newer one")
        let folder = try ArtifactPath("1/a")
        try Broken.unless(try await index.entry(folder), is: ArtifactEntry(path: folder, digest: nil, size: 0), "a folder")
        try Broken.unless(try await index.entry(try ArtifactPath("1/b")) == nil, "nothing")
    }

    @Sendable private static func list(_ index: any ArtifactIndex) async throws {
        for path in ["1/b.txt", "1/a/x", "1/a/y/z", "1/c", "10/a"] { try await put(path, in: index) }
        func names(_ folder: String?, after: String? = nil, limit: Int = 10) async throws -> [String] {
            try await index.list(try ArtifactPath.folder(folder), after: after, limit: limit).map(\.path.name)
        }
        try Broken.unless(try await names("1"), is: ["a", "b.txt", "c"], "children")
        try Broken.unless(try await names("1/a"), is: ["x", "y"], "deeper")
        try Broken.unless(try await names(nil), is: ["1", "10"], "the root")
        try Broken.unless(try await names("nope"), is: [], "a missing folder is empty")
        try Broken.unless(try await names("1", limit: 2), is: ["a", "b.txt"], "the first page")
        try Broken.unless(try await names("1", after: "b.txt", limit: 2), is: ["c"], "the second page")
    }

    @Sendable private static func files(_ index: any ArtifactIndex) async throws {
        for path in ["1/m/MLmodel", "1/m/data/a", "1/m/data/b", "1/m-other/x", "1/m2"] { try await put(path, in: index) }
        let folder = try ArtifactPath("1/m")
        let all = try await index.files(in: folder, after: nil, limit: 10)
        try Broken.unless(all.map { "\($0.path)" }, is: ["1/m/MLmodel", "1/m/data/a", "1/m/data/b"], "all, and no neighbours")
        let rest = try await index.files(in: folder, after: all[0].path, limit: 1)
        try Broken.unless(rest.map { "\($0.path)" }, is: ["1/m/data/a"], "a page")
    }

    @Sendable private static func kinds(_ index: any ArtifactIndex) async throws {
        try await put("1/a/x", in: index)
        try await Broken.unlessRefused(.invalidArgument) { try await put("1/a", in: index) }
        try await Broken.unlessRefused(.invalidArgument) { try await put("1/a/x/y/z", in: index) }
        try Broken.unless(try await index.entry(try ArtifactPath("1/a/x/y")) == nil, "nothing was left behind")
    }

    @Sendable private static func remove(_ index: any ArtifactIndex) async throws {
        for path in ["1/a/x", "1/a/b/y", "1/ab", "2/x"] { try await put(path, in: index) }
        try await index.remove(try ArtifactPath("1/a"))
        try Broken.unless(
            try await index.list(try ArtifactPath("1"), after: nil, limit: 10).map(\.path.name), is: ["ab"], "its neighbour stays")
        try await index.remove(try ArtifactPath("1/ab"))
        try Broken.unless(try await index.list(nil, after: nil, limit: 10).map(\.path.name), is: ["2"], "the empty folder is gone")
        try await index.remove(try ArtifactPath("9/nothing"))
    }
}
