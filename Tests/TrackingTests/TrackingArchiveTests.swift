import Errors
import SQLStores
import Testing
import Tracking

/// More than a page of the walk (1,000), so that every part is met once and what is kept does not hold up what comes after it.
@Suite struct TrackingArchiveTests {
    private static let count = 1_203

    private func with(_ body: (TrackingFixture, TrackingArchive, [String]) async throws -> Void) async throws {
        let fixture = try await TrackingFixture()
        defer { fixture.close() }
        var ids: [String] = []
        for _ in 0..<TrackingArchiveTests.count {
            ids.append(try await fixture.run())
            try await fixture.service.deleteRun(id: ids[ids.count - 1], actor: "user:test")
        }
        try await body(
            fixture, TrackingArchive(tracking: fixture.service, archive: SQLRunArchive(database: fixture.database)), ids)
    }

    @Test func `a walk meets everything once, and goes past what is kept while the rest is removed`() async throws {
        try await with { fixture, archive, ids in
            let request = PurgeRequest(kinds: [.run])
            var met: [String] = []
            try await archive.walk(request) { part in
                met += part.map(\.id)
                return true
            }
            #expect(met.sorted() == ids.sorted())
            let kept = Set(ids.prefix(300))
            try await archive.walk(request) { part in
                try await archive.purge(part.filter { !kept.contains($0.id) }, actor: "user:test", reason: "test")
                return true
            }
            var left: [String] = []
            try await archive.walk(request) { part in
                left += part.map(\.id)
                return true
            }
            #expect(Set(left) == kept && left.count == kept.count)
            let purged = try await fixture.log.events(after: 0, limit: 1_000, kinds: ["run.purged"], subject: nil).count
            #expect(purged == ids.count - kept.count)
        }
    }

    @Test func `a walk ends when it is told, and things asked for by id must be deleted`() async throws {
        try await with { fixture, archive, ids in
            var parts = 0
            try await archive.walk(PurgeRequest(kinds: [.run])) { _ in
                parts += 1
                return false
            }
            #expect(parts == 1)
            // The last is beyond the first page.
            try await archive.requireDeleted(PurgeRequest(kinds: [.run], ids: [ids[ids.count - 1]]))
            let active = try await fixture.run()
            let error = await refusal { try await archive.requireDeleted(PurgeRequest(kinds: [.run], ids: [ids[0], active])) }
            #expect(error?.code == .failedPrecondition && error?.message.contains(active) == true)
        }
    }
}
