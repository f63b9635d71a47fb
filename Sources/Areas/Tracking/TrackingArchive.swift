import Clockwork
import Errors
import Events
import JSON

/// What a purge is asked to remove.
package struct PurgeRequest: Sendable {
    package var kinds: Set<ArchivedItem.Kind>
    /// Of `kinds`, only these; all that qualify when empty.
    package var ids: [String]
    package var experimentID: String?
    /// Only what was deleted at least so long ago.
    package var olderThan: Duration

    package init(kinds: Set<ArchivedItem.Kind>, ids: [String] = [], experimentID: String? = nil, olderThan: Duration = .zero) {
        self.kinds = kinds
        self.ids = ids
        self.experimentID = experimentID
        self.olderThan = olderThan
    }
}

/// Moves, purges and corrections of runs: audited, and never of what is still in use.
package struct TrackingArchive: Sendable {
    private let tracking: TrackingService
    private let archive: any RunArchive

    private static let itemsPerPage = 1_000
    package static let runsPerMove = 1_000
    /// So many go in one transaction, so that a purge never keeps writers waiting for long.
    private static let itemsPerWrite = 50

    package init(tracking: TrackingService, archive: any RunArchive) {
        self.tracking = tracking
        self.archive = archive
    }

    /// Moves the runs, and with `children` all runs nested below them. - Returns: the ids of all that moved.
    package func move(_ ids: [String], to experimentID: String, children: Bool, actor: String, reason: String) async throws -> [String] {
        var all = ids
        var level = ids
        while children, !level.isEmpty {
            level = try await archive.children(of: level).filter { !all.contains($0) }
            all += level
            try check(all)
        }
        try check(all)
        let target = try await tracking.checkActive(experimentID)
        var events: [EventDraft] = []
        for id in all {
            let from = try await tracking.runInfo(id: id).experimentID
            let payload: JSONObject = ["from": .string(from), "to": .string(target.id)]
            events.append(tracking.event("run.moved", "run", id, actor: actor, reason: reason, payload: payload))
        }
        try await archive.move(runIDs: all, to: target.id, events: events)
        return all
    }

    private func check(_ ids: [String]) throws {
        guard !ids.isEmpty, ids.count <= TrackingArchive.runsPerMove else {
            throw JidokaError.invalidArgument("a move takes 1 to \(TrackingArchive.runsPerMove) runs, not \(ids.count)")
        }
    }

    /// Hands over what a purge would remove, in parts of one kind: runs and models before the experiments that hold them; what is in a
    /// deleted experiment comes before it, and may have come already. Ends when `take` answers false. What `take` removes is met no more.
    package func walk(_ request: PurgeRequest, _ take: (_ part: [ArchivedItem]) async throws -> Bool) async throws {
        let before = Timestamp(microseconds: tracking.time.now().microseconds - request.olderThan.microseconds + 1)
        let wanted = Set(request.ids)
        for kind in [ArchivedItem.Kind.run, .loggedModel, .experiment] where request.kinds.contains(kind) {
            var after: ArchivedItem?
            repeat {
                let page = try await archive.deleted(
                    kind, before: before, experimentID: request.experimentID, after: after, limit: TrackingArchive.itemsPerPage)
                let part = page.filter { wanted.isEmpty || wanted.contains($0.id) }
                if kind == .experiment {
                    for experiment in part where try await !walk(experiment, take) { return }
                } else if !part.isEmpty, try await !take(part) {
                    return
                }
                after = page.count < TrackingArchive.itemsPerPage ? nil : page.last
            } while after != nil
        }
    }

    private func walk(_ experiment: ArchivedItem, _ take: (_ part: [ArchivedItem]) async throws -> Bool) async throws -> Bool {
        var after: ArchivedItem?
        repeat {
            let page = try await archive.contents(ofExperiment: experiment.id, after: after, limit: TrackingArchive.itemsPerPage)
            if !page.isEmpty, try await !take(page) { return false }
            after = page.count < TrackingArchive.itemsPerPage ? nil : page.last
        } while after != nil
        return try await take([experiment])
    }

    /// - Throws: `failed_precondition` when a thing that is asked for by its id is not deleted, or not long enough.
    package func requireDeleted(_ request: PurgeRequest) async throws {
        var missing = Set(request.ids)
        guard !missing.isEmpty else { return }
        try await walk(request) { part in
            missing.subtract(part.map(\.id))
            return !missing.isEmpty
        }
        guard let one = request.ids.first(where: missing.contains) else { return }
        throw JidokaError.failedPrecondition(
            "`\(one)` is not deleted, or not for long enough", hint: "only what was deleted before can be deleted permanently")
    }

    /// Removes these; an event each tells who, why and where the files lay.
    package func purge(_ items: [ArchivedItem], actor: String, reason: String) async throws {
        guard reason.contains(where: { !$0.isWhitespace }) else {
            throw JidokaError.invalidArgument("a permanent deletion needs a reason", hint: "say why with --reason TEXT")
        }
        let ordered = items.filter { $0.kind != .experiment } + items.filter { $0.kind == .experiment }
        var rest = ordered[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(TrackingArchive.itemsPerWrite))
            rest = rest.dropFirst(part.count)
            try await archive.purge(
                part,
                events: part.map {
                    tracking.event("\($0.kind.rawValue).purged", $0.kind.rawValue, $0.id, actor: actor, reason: reason, payload: $0.json)
                })
        }
    }

    /// Corrects a param that was logged with a wrong value. - Returns: the wrong one.
    package func correct(_ param: Param, runID: String, actor: String, reason: String) async throws -> String {
        guard reason.contains(where: { !$0.isWhitespace }) else {
            throw JidokaError.invalidArgument("the correction of a param needs a reason", hint: "say why with --reason TEXT")
        }
        let cut = Param(key: param.key, value: TrackingLimits.truncated(param.value, to: TrackingLimits.paramValueMax))
        let tracking = tracking
        return try await archive.correct(cut, runID: runID) { before in
            let payload: JSONObject = ["key": .string(cut.key), "before": .string(before), "after": .string(cut.value)]
            return tracking.event("run.param_corrected", "run", runID, actor: actor, reason: reason, payload: payload)
        }
    }
}
