import Errors
import Clockwork
import Events
import Registry

/// What every `ModelVersionStore` does.
package enum ModelVersionStoreContract {
    package static let checks: [ContractCheck<RegistryStores>] = [
        ContractCheck("a created version reads back as it was", readsBack),
        ContractCheck("numbers count up and are never used twice", numbers),
        ContractCheck("a version from elsewhere is taken in once, under its number when that is free", adopts),
        ContractCheck("updates change what they name and keep the report", updates),
        ContractCheck("a stage change can archive the others of the stage", stages),
        ContractCheck("a deleted version takes its aliases along", delete),
        ContractCheck("versions that wait for their verification are found, the oldest first", pending),
        ContractCheck("searches filter, sort and page", search),
    ]

    @Sendable private static func readsBack(_ stores: RegistryStores) async throws {
        try await stores.add("m")
        let made = try await stores.addVersion("m", tags: [ModelTag(key: "a", value: "1")])
        let wanted = ModelVersion(
            name: "m", version: 1, description: "d", source: "runs:/r1/model", storageLocation: "mlflow-artifacts:/1/r1/artifacts/model",
            runID: "r1", modelID: "m-1", userID: "user:test", createdAt: RegistryStores.start, updatedAt: RegistryStores.start,
            tags: [ModelTag(key: "a", value: "1")])
        try Broken.unless(made, is: wanted, "as made")
        try Broken.unless(try await stores.versions.version(name: "m", 1), is: wanted, "as read")
        try await Broken.unlessRefused(.notFound) { try await stores.addVersion("x") }
        try Broken.unless(try await stores.versions.version(name: "x", 1) == nil, "no model, no version")
        try Broken.unless(try await stores.kinds(), is: ["registered_model.created", "model_version.registered"], "events")
    }

    @Sendable private static func numbers(_ stores: RegistryStores) async throws {
        try await stores.add("m")
        try await stores.add("n")
        try Broken.unless(try await stores.addVersion("m").version, is: 1, "the first")
        try Broken.unless(try await stores.addVersion("m").version, is: 2, "the second")
        try await stores.versions.delete(name: "m", version: 2, at: RegistryStores.later, events: [])
        try Broken.unless(try await stores.addVersion("m").version, is: 3, "not the deleted one's")
        try Broken.unless(try await stores.addVersion("n").version, is: 1, "another model")
        let many = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<10 { group.addTask { try await stores.addVersion("n").version } }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        try Broken.unless(many, is: Set(2...11), "all different")
    }

    @Sendable private static func adopts(_ stores: RegistryStores) async throws {
        try await stores.add("m")
        func adopt(_ number: Int, run: String) async throws -> AdoptedVersion {
            let draft = ModelVersionDraft(
                name: "m", description: "d", source: "s", storageLocation: "l", runID: run, runLink: "", modelID: "", userID: "u", tags: [],
                status: .pending, time: RegistryStores.start)
            return try await stores.versions.adopt(draft, KeptVersion(number: number, stage: .staging)) { _ in
                RegistryStores.event("model_version.imported")
            }
        }
        let third = try await adopt(3, run: "a")
        try Broken.unless(third.version?.version, is: 3, "its own number")
        try Broken.unless(third.version?.stage, is: .staging, "its stage")
        try Broken.unless(third.isNew, is: true, "new")
        try Broken.unless(try await adopt(3, run: "a").isNew, is: false, "known")
        try Broken.unless(try await adopt(3, run: "b").version?.version, is: 4, "numbered anew")
        let again = try await adopt(3, run: "b")
        try Broken.unless(again.version?.version, is: 4, "found again")
        try Broken.unless(again.isNew, is: false, "once")
        try Broken.unless(try await stores.addVersion("m").version, is: 5, "others count on")
        try await stores.versions.delete(name: "m", version: 4, at: RegistryStores.later, events: [])
        try Broken.unless(try await adopt(3, run: "b").version == nil, "deleted stays deleted")
        let kinds = try await stores.kinds().filter { $0 == "model_version.imported" }
        try Broken.unless(kinds.count, is: 2, "one event each")
        try await Broken.unlessRefused(.notFound) {
            let draft = ModelVersionDraft(
                name: "x", description: "", source: "", storageLocation: "", runID: "", runLink: "", modelID: "", userID: "", tags: [],
                status: .pending, time: RegistryStores.start)
            _ = try await stores.versions.adopt(draft, KeptVersion(number: 1, stage: .none)) { _ in RegistryStores.event("x") }
        }
    }

    @Sendable private static func updates(_ stores: RegistryStores) async throws {
        try await stores.add("m")
        try await stores.addVersion("m")
        let report = VerificationReport(
            files: 2, bytes: 10, digest: "abc", flavors: ["onnx"], loads: true, predicts: nil, detail: "fine", problem: nil)
        let event = RegistryStores.event("model_version.verified")
        let changed = try await stores.versions.update(
            name: "m", version: 1, ModelVersionChange(status: .ready, statusMessage: "ok", verification: report), at: RegistryStores.later,
            events: [event])
        try Broken.unless(changed.status, is: .ready, "the status")
        try Broken.unless(changed.verification, is: report, "the report")
        try Broken.unless(changed.description, is: "d", "what was not named stays")
        try Broken.unless(changed.updatedAt, is: RegistryStores.later, "stamped")
        let described = try await stores.versions.update(
            name: "m", version: 1, ModelVersionChange(description: ""), at: RegistryStores.later, events: [])
        try Broken.unless(described.description, is: "", "emptied")
        try Broken.unless(described.verification, is: report, "the report stays")
        try await Broken.unlessRefused(.notFound) {
            _ = try await stores.versions.update(name: "m", version: 2, ModelVersionChange(), at: RegistryStores.later, events: [event])
        }
        try await stores.versions.setTag(ModelTag(key: "a", value: "1"), name: "m", version: 1, events: [])
        try await stores.versions.setTag(ModelTag(key: "a", value: "2"), name: "m", version: 1, events: [])
        try Broken.unless(try await stores.versions.version(name: "m", 1)?.tags, is: [ModelTag(key: "a", value: "2")], "the tag")
        try await stores.versions.deleteTag(key: "a", name: "m", version: 1, events: [])
        try Broken.unless(try await stores.versions.version(name: "m", 1)?.tags, is: [], "gone")
    }

    @Sendable private static func stages(_ stores: RegistryStores) async throws {
        try await stores.add("m")
        for _ in 0..<3 { try await stores.addVersion("m") }
        func move(_ version: Int, _ stage: ModelStage, archive: Bool) async throws {
            _ = try await stores.versions.setStage(
                stage, name: "m", version: version, archiveOthers: archive, at: RegistryStores.later, events: [])
        }
        try await move(1, .production, archive: false)
        try await move(2, .production, archive: false)
        try await move(3, .production, archive: true)
        var found: [String] = []
        for version in 1...3 { found.append(try await stores.versions.version(name: "m", version)?.stage.rawValue ?? "") }
        try Broken.unless(found, is: ["Archived", "Archived", "Production"], "stages")
        try Broken.unless(try await stores.models.model(name: "m")?.updatedAt, is: RegistryStores.later, "the model is stamped")
    }

    @Sendable private static func delete(_ stores: RegistryStores) async throws {
        try await stores.add("m")
        try await stores.addVersion("m")
        try await stores.models.setAlias("champion", name: "m", to: 1, expecting: .anything, at: RegistryStores.start, events: [])
        let event = RegistryStores.event("model_version.deleted")
        try await stores.versions.delete(name: "m", version: 1, at: RegistryStores.later, events: [event])
        try Broken.unless(try await stores.versions.version(name: "m", 1) == nil, "not found")
        try Broken.unless(try await stores.models.model(name: "m")?.aliases, is: [], "no alias")
        try Broken.unless(try await stores.versions.search(ModelVersionSearch(limit: 10)).items, is: [], "not listed")
        try await Broken.unlessRefused(.notFound) {
            try await stores.versions.delete(name: "m", version: 1, at: RegistryStores.later, events: [event])
        }
    }

    @Sendable private static func pending(_ stores: RegistryStores) async throws {
        try await stores.add("m")
        try await stores.add("n")
        for name in ["m", "n", "m"] { try await stores.addVersion(name) }
        func found(before time: Timestamp, limit: Int = 10) async throws -> [String] {
            try await stores.versions.pending(registeredBefore: time, limit: limit).map { "\($0.ref)" }
        }
        try Broken.unless(try await found(before: RegistryStores.later), is: ["m/1", "n/1", "m/2"], "all that wait")
        try Broken.unless(try await found(before: RegistryStores.later, limit: 2), is: ["m/1", "n/1"], "no more than asked for")
        try Broken.unless(try await found(before: RegistryStores.start), is: [], "not those of then")
        _ = try await stores.versions.update(
            name: "n", version: 1, ModelVersionChange(status: .ready), at: RegistryStores.later, events: [])
        try await stores.versions.delete(name: "m", version: 1, at: RegistryStores.later, events: [])
        try Broken.unless(try await found(before: RegistryStores.later), is: ["m/2"], "neither the judged nor the deleted")
    }

    @Sendable private static func search(_ stores: RegistryStores) async throws {
        try await stores.add("m")
        try await stores.add("n")
        try await stores.addVersion("m", run: "r1", tags: [ModelTag(key: "a", value: "1")])
        try await stores.addVersion("m", run: "r2")
        try await stores.addVersion("n", run: "r3")
        _ = try await stores.versions.update(name: "m", version: 1, ModelVersionChange(), at: RegistryStores.later, events: [])
        func found(_ filter: String?, orders: [String] = []) async throws -> [String] {
            let search = ModelVersionSearch(
                filter: try RegistryFilter.versions(filter), orders: try RegistryFilter.versionOrders(orders), limit: 10)
            return try await stores.versions.search(search).items.map { "\($0.name)/\($0.version)" }
        }
        try Broken.unless(try await found(nil), is: ["m/1", "m/2", "n/1"], "the newest change first, then name and version")
        try Broken.unless(try await found("name = 'm'", orders: ["version_number DESC"]), is: ["m/2", "m/1"], "by name")
        try Broken.unless(try await found("run_id IN ('r2', 'r3')"), is: ["m/2", "n/1"], "by runs")
        try Broken.unless(try await found("version_number > 1"), is: ["m/2"], "by number")
        try Broken.unless(try await found("source_path LIKE 'runs:/r3%'"), is: ["n/1"], "by source")
        try Broken.unless(try await found("tags.a = '1'"), is: ["m/1"], "by tag")
        let page = try await stores.versions.search(ModelVersionSearch(limit: 2))
        try Broken.unless(page.nextOffset, is: 2, "a next page")
    }
}
