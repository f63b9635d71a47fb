import Errors
import Synchronization

/// What is in memory: the newest plan of each endpoint and the versions that it needs.
final class EndpointTable: Sendable {
    struct Entry: Sendable {
        var endpoint: Endpoint
        var versions: [String: ServedVersion] = [:]
        /// Why a version of the plan is not in `versions`.
        var unavailable: [String: String] = [:]
    }

    /// What one request works with; the versions are retained and the holder releases them.
    struct Lease: Sendable {
        var version: ServedVersion
        var route: Route
        var model: String
        var shadows: [ServedVersion]
    }

    private let entries = Mutex<[String: Entry]>([:])

    func entry(_ name: String) -> Entry? { entries.withLock { $0[name] } }
    var all: [Entry] { entries.withLock { Array($0.values) }.sorted { $0.endpoint.name < $1.endpoint.name } }

    /// Puts a new entry in place of the old one in one step, and answers the versions that are used no more.
    func swap(_ name: String, to entry: Entry?) -> [ServedVersion] {
        entries.withLock { entries in
            let old = entries[name]?.versions ?? [:]
            entries[name] = entry
            return old.filter { entry?.versions[$0.key] !== $0.value }.map(\.value)
        }
    }

    /// Chooses who answers, by the plan or by the version that the caller names.
    /// - Throws: `not_found` for an unknown endpoint or version, `unavailable` when the endpoint has no champion in memory.
    func lease(_ name: String, version: String?, unit: String) throws -> Lease {
        try entries.withLock { entries in
            guard let entry = entries[name] else { throw EndpointTable.unknown(name) }
            let plan = entry.endpoint.plan
            if let version {
                guard let named = entry.versions[version] else { throw EndpointTable.missing(version, entry) }
                named.retain()
                return Lease(version: named, route: .version, model: entry.endpoint.model, shadows: [])
            }
            guard let champion = plan.champion, let assignment = plan.route(unit: unit) else {
                throw EndpointTable.withoutChampion(entry)
            }
            var route = assignment.route
            var chosen = entry.versions[assignment.version]
            if chosen == nil {  // after a restart a challenger may not load: its share goes to the champion
                chosen = entry.versions[champion]
                route = .champion
            }
            guard let chosen else { throw EndpointTable.missing(champion, entry) }
            chosen.retain()
            let shadows = plan.shadows.isEmpty ? [] : plan.shadows(unit: unit).compactMap { entry.versions[$0] }
            for shadow in shadows { shadow.retain() }
            return Lease(version: chosen, route: route, model: entry.endpoint.model, shadows: shadows)
        }
    }

    /// Triton's words, which its clients look for.
    static func unknown(_ name: String) -> JidokaError {
        .notFound("Request for unknown model: '\(name)' is not found", hint: "`jidoka endpoint list` shows what is served")
    }

    static func withoutChampion(_ entry: Entry) -> JidokaError {
        .unavailable(
            "Request for unknown model: '\(entry.endpoint.name)' has no available versions",
            hint: "promote a version of `\(entry.endpoint.model)`")
    }

    static func missing(_ version: String, _ entry: Entry) -> JidokaError {
        let name = entry.endpoint.name
        if let why = entry.unavailable[version] {
            return .unavailable("Request for unknown model: '\(name)' version \(version) is not at ready state", hint: why)
        }
        return .notFound(
            "Request for unknown model: '\(name)' version \(version) is not found",
            hint: "only versions in the endpoint's traffic plan are in memory: " + entry.endpoint.plan.versions.joined(separator: ", "))
    }
}
