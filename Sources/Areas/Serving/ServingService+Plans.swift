import Clockwork
import Errors
import Events
import JSON
import Telemetry

extension ServingService {
    /// Loads every endpoint of the store with the versions of its plan. A version that cannot be loaded is told in the log and in
    /// `description`; the rest of its endpoint serves.
    package func restore() async throws {
        var after: String?
        repeat {
            let page = try await store.endpoints(after: after, limit: 100)
            for endpoint in page { await gate.turn(endpoint.name) { await restore(endpoint) } }
            after = page.count == 100 ? page.last?.name : nil
        } while after != nil
    }

    private func restore(_ endpoint: Endpoint) async {
        var entry = EndpointTable.Entry(endpoint: endpoint)
        for version in endpoint.plan.versions {
            do { entry.versions[version] = try await load(endpoint, version) } catch {
                let failure = JidokaError.wrapping(error)
                entry.unavailable[version] = failure.message
                log.warning(
                    "a model version could not be loaded",
                    [("endpoint", .string(endpoint.name)), ("version", .string(version)), ("error", .string(failure.description))])
            }
        }
        retire(table.swap(endpoint.name, to: entry))
    }

    /// Loads the versions of an endpoint's plan that are not in memory, whether they failed or were unloaded. Those that serve go on.
    /// - Throws: `not_found`, `failed_precondition` with the reason of the first version that cannot be loaded; the others then serve.
    package func load(_ name: String) async throws {
        try await gate.turn(name) {
            guard let endpoint = try await store.endpoint(named: name) else { throw EndpointTable.unknown(name) }
            var entry = table.entry(name) ?? EndpointTable.Entry(endpoint: endpoint)
            var failure: JidokaError?
            for version in endpoint.plan.versions where entry.versions[version] == nil {
                do {
                    entry.versions[version] = try await load(endpoint, version)
                    entry.unavailable[version] = nil
                } catch {
                    let why = JidokaError.wrapping(error)
                    entry.unavailable[version] = why.message
                    if failure == nil { failure = why }
                }
            }
            retire(table.swap(name, to: entry))
            if let failure { throw failure }
        }
    }

    /// Takes an endpoint's versions out of memory when their last request is answered, until `load`, a change of its plan or a restart.
    /// An unknown endpoint is no error.
    package func unload(_ name: String) async {
        await gate.turn(name) {
            guard var entry = table.entry(name) else { return }
            for version in entry.versions.keys { entry.unavailable[version] = "unloaded" }
            entry.versions = [:]
            retire(table.swap(name, to: entry))
            log.notice("an endpoint was unloaded", [("endpoint", .string(name))])
        }
    }

    /// A new endpoint without a champion. - Throws: `already_exists`.
    @discardableResult
    package func create(
        _ name: String, model: String, batching: BatchPolicy = BatchPolicy(), actor: String, reason: String
    ) async throws -> Endpoint {
        try await gate.turn(name) {
            let now = time.now()
            let endpoint = Endpoint(
                name: name, model: model, plan: TrafficPlan(salt: ids.next()), batching: batching, createdAt: now, updatedAt: now)
            let event = EventDraft(
                kind: "endpoint.created", subject: EventSubject("endpoint", name), actor: actor, reason: reason,
                payload: ["model": .string(model)], time: now)
            try await store.create(endpoint, actor: actor, reason: reason, events: [event])
            retire(table.swap(name, to: EndpointTable.Entry(endpoint: endpoint)))
            return endpoint
        }
    }

    /// A new endpoint that answers: with the given version, else with the model's champion; without either it waits for a promotion.
    /// When the version cannot be served there is no endpoint.
    /// - Throws: `invalid_argument` for a name that is none, `not_found` for an unknown model or version, and what `create` and
    ///   `promote` throw.
    package func open(
        _ name: String, model: String, version: String?, batching: BatchPolicy, actor: String, reason: String
    ) async throws {
        let name = try EndpointName.checked(name)
        let champion = try await source.version(model: model, alias: "champion")
        try await create(name, model: model, batching: batching, actor: actor, reason: reason)
        guard let first = version ?? champion else { return }
        do { try await promote(first, of: name, actor: actor, reason: reason) } catch {
            try await delete(name, actor: actor, reason: "its first version could not be served")
            throw error
        }
    }

    /// Changes an endpoint's traffic plan: versions that it newly needs are loaded and warmed first, then the plan is stored (with its
    /// event), then it takes effect at once for all new requests, and versions that are needed no more are unloaded when their last
    /// request is answered.
    /// - Parameter expected: the revision that the change was made from; nil takes the newest.
    /// - Throws: `not_found`, `conflict` when another change came first, `failed_precondition` when a version cannot be loaded. The old
    ///   plan then stays as it was. `invalid_argument` for an impossible plan.
    @discardableResult
    package func changePlan(
        of name: String, expecting expected: Int64? = nil, actor: String, reason: String, _ edit: (inout TrafficPlan) throws -> Void
    ) async throws -> Endpoint {
        try await gate.turn(name) {
            guard let current = try await store.endpoint(named: name) else { throw EndpointTable.unknown(name) }
            if let expected, expected != current.revision {
                throw JidokaError(
                    .conflict, "endpoint `\(name)` is at revision \(current.revision), not \(expected)",
                    hint: "read it again and repeat the change")
            }
            var plan = current.plan
            try edit(&plan)
            plan = try plan.validated()
            let old = table.entry(name)
            if plan == current.plan, old?.unavailable.isEmpty ?? false { return current }
            return try await deploy(plan, over: current, old, actor: actor, reason: reason)
        }
    }

    private func deploy(
        _ plan: TrafficPlan, over current: Endpoint, _ old: EndpointTable.Entry?, actor: String, reason: String
    ) async throws -> Endpoint {
        var versions: [String: ServedVersion] = [:]
        var fresh: [ServedVersion] = []
        do {
            for version in plan.versions {
                if let loaded = old?.versions[version] {
                    versions[version] = loaded
                } else {
                    let loaded = try await load(current, version)
                    fresh.append(loaded)
                    versions[version] = loaded
                }
            }
            let now = time.now()
            let event = EventDraft(
                kind: "endpoint.plan_changed", subject: EventSubject("endpoint", current.name), actor: actor, reason: reason,
                payload: ["before": current.plan.json, "after": plan.json, "revision": .int(current.revision + 1)], time: now)
            let changed = try await store.changePlan(
                of: current.name, to: plan, from: current.revision, actor: actor, reason: reason, at: now, events: [event])
            retire(table.swap(current.name, to: EndpointTable.Entry(endpoint: changed, versions: versions)))
            return changed
        } catch {
            retire(fresh)
            throw error
        }
    }

    /// Gives a version `percent` of the traffic as a challenger (0 keeps it loaded without traffic).
    @discardableResult
    package func setChallenger(_ version: String, percent: Double, of name: String, actor: String, reason: String) async throws -> Endpoint
    {
        try await changePlan(of: name, actor: actor, reason: reason) { plan in
            if let index = plan.challengers.firstIndex(where: { $0.version == version }) {
                plan.challengers[index].weight = percent
            } else {
                plan.challengers.append(TrafficPlan.Arm(version: version, weight: percent))
            }
            plan.shadows.removeAll { $0.version == version }
        }
    }

    /// Makes a version the champion; it stops being a challenger or shadow, and the old champion leaves the plan.
    @discardableResult
    package func promote(_ version: String, of name: String, actor: String, reason: String) async throws -> Endpoint {
        try await changePlan(of: name, actor: actor, reason: reason) { plan in
            plan.champion = version
            plan.challengers.removeAll { $0.version == version }
            plan.shadows.removeAll { $0.version == version }
        }
    }

    /// Takes a challenger or shadow out of the plan; its units go back to the champion at once.
    @discardableResult
    package func withdraw(_ version: String, of name: String, actor: String, reason: String) async throws -> Endpoint {
        try await changePlan(of: name, actor: actor, reason: reason) { plan in
            plan.challengers.removeAll { $0.version == version }
            plan.shadows.removeAll { $0.version == version }
        }
    }

    /// Sets how requests are batched, from the next request on.
    @discardableResult
    package func changeBatching(of name: String, to policy: BatchPolicy, actor: String, reason: String) async throws -> Endpoint {
        try await gate.turn(name) {
            let now = time.now()
            let event = EventDraft(
                kind: "endpoint.batching_changed", subject: EventSubject("endpoint", name), actor: actor, reason: reason,
                payload: ["rows_max": .int(Int64(policy.rowsMax)), "delay_us": .int(Int64(policy.delayMicroseconds))], time: now)
            let changed = try await store.changeBatching(of: name, to: policy, at: now, events: [event])
            guard var entry = table.entry(name) else { return changed }
            entry.endpoint = changed
            for version in entry.versions.values { version.batched.change(to: policy) }
            retire(table.swap(name, to: entry))
            return changed
        }
    }

    /// Stops serving an endpoint and forgets it. - Throws: `not_found`.
    package func delete(_ name: String, actor: String, reason: String) async throws {
        try await gate.turn(name) {
            let event = EventDraft(
                kind: "endpoint.deleted", subject: EventSubject("endpoint", name), actor: actor, reason: reason, time: time.now())
            try await store.delete(named: name, events: [event])
            retire(table.swap(name, to: nil))
        }
    }

    func retire(_ versions: [ServedVersion]) { for version in versions { retiring.retire(version) } }

    /// Brings a version's files here and opens them.
    private func load(_ endpoint: Endpoint, _ version: String) async throws -> ServedVersion {
        let artifact = try await source.artifact(model: endpoint.model, version: version)
        do {
            let model = try await runtimes.load(artifact)
            return ServedVersion(artifact, model: model, endpoint: endpoint.name, policy: endpoint.batching, metrics: metrics, time: time)
        } catch {
            let failure = JidokaError.wrapping(error)
            throw JidokaError(
                .failedPrecondition, "`\(endpoint.model)` version \(version) could not be loaded: \(failure.message)", hint: failure.hint,
                cause: error)
        }
    }
}
