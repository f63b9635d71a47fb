package import Blobs
package import Clockwork

/// Finds contents that nothing names any more, and moves them to the trash: by reachability, page by page, while uploads go on.
///
/// An object is spared while it is young (it was put, or put again, within `grace`): its name may be about to be written. Whatever is
/// wrongly in the trash comes back by itself when it is read or put; and before anything is destroyed it is asked again who names it.
package struct ObjectCollector: Sendable {
    /// Those of the digests (at most 500) that a part of the program names.
    package typealias References = @Sendable (_ digests: [String]) async throws -> Set<String>

    private let objects: any ObjectStore
    private let references: [References]
    private let time: any TimeSource
    package static let grace = Duration.seconds(3_600)
    private static let page = 500

    package init(objects: any ObjectStore, references: [References], time: any TimeSource) {
        self.objects = objects
        self.references = references
        self.time = time
    }

    /// What was looked at and what came of it.
    package struct Report: Sendable, Hashable {
        package var objects = 0
        package var bytes: Int64 = 0
        /// Named by nothing and old enough.
        package var unreachable: [ObjectFacts] = []
        package var unreachableCount = 0
        package var unreachableBytes: Int64 = 0
        /// Named by nothing, but too young to be judged.
        package var young = 0
        /// How many of the unreachable were moved to the trash.
        package var discarded = 0
        /// So many are listed; all are counted.
        package static let listedMax = 1_000
    }

    /// Looks only, unless `apply`.
    package func collect(apply: Bool, grace: Duration = grace) async throws -> Report {
        var report = Report()
        let limit = time.now() + .microseconds(-grace.microseconds)
        let trashed = try await trashedDigests()
        var after: Digest?
        repeat {
            let page = try await objects.objects(after: after, limit: ObjectCollector.page)
            let named = try await named(page.map(\.digest.hex))
            for object in page where !trashed.contains(object.digest) {
                report.objects += 1
                report.bytes += object.size
                if named.contains(object.digest.hex) { continue }
                guard object.modified <= limit else {
                    report.young += 1
                    continue
                }
                report.unreachableCount += 1
                report.unreachableBytes += object.size
                if report.unreachable.count < Report.listedMax { report.unreachable.append(object) }
                if apply, try await objects.discard(object.digest, notPutAfter: limit) { report.discarded += 1 }
            }
            after = page.count < ObjectCollector.page ? nil : page.last?.digest
        } while after != nil
        return report
    }

    /// Everything that is in the trash, back to where it was.
    package func undo() async throws -> (objects: Int, bytes: Int64) {
        var restored = (objects: 0, bytes: Int64(0))
        for object in try await trash() where try await objects.restore(object.digest) {
            restored.objects += 1
            restored.bytes += object.size
        }
        return restored
    }

    /// Destroys what came to the trash at least `age` ago; what is named after all is restored.
    package func emptyTrash(age: Duration) async throws -> (destroyed: Int, bytes: Int64, restored: Int) {
        var done = (destroyed: 0, bytes: Int64(0), restored: 0)
        let limit = time.now() + .microseconds(-age.microseconds)
        let old = try await trash().filter { $0.modified <= limit }
        for start in stride(from: 0, to: old.count, by: ObjectCollector.page) {
            let page = old[start..<min(old.count, start + ObjectCollector.page)]
            let named = try await named(page.map(\.digest.hex))
            for object in page {
                if named.contains(object.digest.hex) {
                    if try await objects.restore(object.digest) { done.restored += 1 }
                } else {
                    try await objects.purge(object.digest)
                    done.destroyed += 1
                    done.bytes += object.size
                }
            }
        }
        return done
    }

    package func trash() async throws -> [ObjectFacts] {
        var all: [ObjectFacts] = []
        while true {
            let page = try await objects.trash(after: all.last?.digest, limit: 1_000)
            all += page
            if page.count < 1_000 { return all }
        }
    }

    /// In a bucket, discarded objects are still listed.
    private func trashedDigests() async throws -> Set<Digest> { Set(try await trash().map(\.digest)) }

    private func named(_ digests: [String]) async throws -> Set<String> {
        var all: Set<String> = []
        for source in references where !digests.isEmpty { all.formUnion(try await source(digests)) }
        return all
    }
}
