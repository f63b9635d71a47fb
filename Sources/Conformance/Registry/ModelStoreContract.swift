import Clockwork
import Errors
import Events
import Registry

/// What every `ModelStore` does.
package enum ModelStoreContract {
    package static let checks: [ContractCheck<RegistryStores>] = [
        ContractCheck("a created model reads back as it was", readsBack),
        ContractCheck("a name is given once", namesAreUnique),
        ContractCheck("a rename takes versions, tags and aliases along", rename),
        ContractCheck("a deleted model leaves nothing behind", delete),
        ContractCheck("an alias moves only from where it was expected", aliasCompareAndSet),
        ContractCheck("of many moves that saw one state, one wins", oneMoveWins),
        ContractCheck("the latest version of each stage is known", latestVersions),
        ContractCheck("searches filter, sort, page and hide prompts", search),
    ]

    @Sendable private static func readsBack(_ stores: RegistryStores) async throws {
        try await stores.add("m", tags: [ModelTag(key: "a", value: "1")])
        try await stores.models.describe(name: "m", "text", at: RegistryStores.later)
        try await stores.models.setTag(ModelTag(key: "b", value: "2"), name: "m", events: [])
        try await stores.models.setTag(ModelTag(key: "a", value: "3"), name: "m", events: [])
        let wanted = RegisteredModel(
            name: "m", description: "text", createdAt: RegistryStores.start, updatedAt: RegistryStores.later,
            tags: [ModelTag(key: "a", value: "3"), ModelTag(key: "b", value: "2")])
        try Broken.unless(try await stores.models.model(name: "m"), is: wanted, "the model")
        try await stores.models.deleteTag(key: "a", name: "m", events: [])
        try await stores.models.deleteTag(key: "a", name: "m", events: [])
        try Broken.unless(try await stores.models.model(name: "m")?.tags.map(\.key), is: ["b"], "a tag less")
        try Broken.unless(try await stores.models.model(name: "M") == nil, "names are case-sensitive")
    }

    @Sendable private static func namesAreUnique(_ stores: RegistryStores) async throws {
        try await stores.add("m")
        try await stores.add("n")
        try await Broken.unlessRefused(.alreadyExists) { try await stores.add("m") }
        let event = RegistryStores.event("registered_model.renamed")
        try await Broken.unlessRefused(.alreadyExists) {
            try await stores.models.rename(name: "n", to: "m", at: RegistryStores.later, events: [event])
        }
        try await Broken.unlessRefused(.notFound) { try await stores.models.delete(name: "x", events: [event]) }
        try await Broken.unlessRefused(.notFound) { try await stores.models.describe(name: "x", "", at: RegistryStores.later) }
        try await Broken.unlessRefused(.notFound) { try await stores.models.setTag(ModelTag(key: "a", value: ""), name: "x", events: []) }
        try Broken.unless(try await stores.kinds(), is: ["registered_model.created", "registered_model.created"], "no other event")
    }

    @Sendable private static func rename(_ stores: RegistryStores) async throws {
        try await stores.add("m", tags: [ModelTag(key: "a", value: "1")])
        try await stores.addVersion("m", tags: [ModelTag(key: "v", value: "1")])
        try await stores.models.setAlias("champion", name: "m", to: 1, expecting: .anything, at: RegistryStores.start, events: [])
        try await stores.models.rename(name: "m", to: "n", at: RegistryStores.later, events: [])
        try Broken.unless(try await stores.models.model(name: "m") == nil, "the old name is free")
        let model = try await stores.models.model(name: "n")
        try Broken.unless(model?.aliases, is: [ModelAlias(alias: "champion", version: 1)], "the alias")
        try Broken.unless(model?.tags, is: [ModelTag(key: "a", value: "1")], "the tag")
        let version = try await stores.versions.version(name: "n", 1)
        try Broken.unless(version?.tags, is: [ModelTag(key: "v", value: "1")], "the version's tag")
        try Broken.unless(version?.updatedAt, is: RegistryStores.later, "the version is stamped")
    }

    @Sendable private static func delete(_ stores: RegistryStores) async throws {
        try await stores.add("m", tags: [ModelTag(key: "a", value: "1")])
        try await stores.addVersion("m")
        try await stores.models.setAlias("champion", name: "m", to: 1, expecting: .anything, at: RegistryStores.start, events: [])
        try await stores.models.delete(name: "m", events: [RegistryStores.event("registered_model.deleted")])
        try await stores.add("m")
        let again = try await stores.models.model(name: "m")
        try Broken.unless(again?.aliases, is: [], "no alias")
        try Broken.unless(again?.tags, is: [], "no tag")
        try Broken.unless(try await stores.addVersion("m").version, is: 1, "numbers start again")
    }

    @Sendable private static func aliasCompareAndSet(_ stores: RegistryStores) async throws {
        try await stores.add("m")
        for _ in 0..<2 { try await stores.addVersion("m") }
        func move(_ version: Int?, _ expecting: AliasExpectation, name: String = "m") async throws {
            let event = RegistryStores.event("model_version.alias_set")
            try await stores.models.setAlias(
                "champion", name: name, to: version, expecting: expecting, at: RegistryStores.later, events: [event])
        }
        func champion() async throws -> Int? { try await stores.models.model(name: "m")?.aliases.first?.version }
        try await Broken.unlessRefused(.conflict) { try await move(1, .version(2)) }
        try await move(1, .version(nil))
        try Broken.unless(try await champion(), is: 1, "set")
        try await Broken.unlessRefused(.conflict) { try await move(2, .version(nil)) }
        try await move(2, .version(1))
        try Broken.unless(try await stores.versions.version(name: "m", 2)?.aliases, is: ["champion"], "the version knows")
        try await Broken.unlessRefused(.notFound) { try await move(7, .anything) }
        try await Broken.unlessRefused(.notFound) { try await move(1, .anything, name: "x") }
        try Broken.unless(try await champion(), is: 2, "refused moves change nothing")
        try await move(nil, .anything)
        try Broken.unless(try await champion() == nil, "removed")
        try Broken.unless(
            try await stores.kinds().filter { $0 == "model_version.alias_set" }.count, is: 3, "an event for each move that was")
    }

    @Sendable private static func oneMoveWins(_ stores: RegistryStores) async throws {
        try await stores.add("m")
        for _ in 0..<8 { try await stores.addVersion("m") }
        let won = try await withThrowingTaskGroup(of: Int?.self) { group in
            for version in 1...8 {
                group.addTask {
                    let event = RegistryStores.event("model_version.promoted", "m/\(version)")
                    do {
                        try await stores.models.setAlias(
                            "champion", name: "m", to: version, expecting: .version(nil), at: RegistryStores.later, events: [event])
                        return version
                    } catch let error as JidokaError where error.code == .conflict { return nil }
                }
            }
            return try await group.reduce(into: [Int]()) { if let version = $1 { $0.append(version) } }
        }
        try Broken.unless(won.count, is: 1, "one winner")
        let champion = try await stores.models.model(name: "m")?.aliases.first?.version
        try Broken.unless(champion, is: won.first, "who is the champion")
        try Broken.unless(try await stores.kinds().filter { $0 == "model_version.promoted" }.count, is: 1, "one event")
    }

    @Sendable private static func latestVersions(_ stores: RegistryStores) async throws {
        try await stores.add("m")
        for _ in 0..<4 { try await stores.addVersion("m") }
        for version in [1, 2] {
            _ = try await stores.versions.setStage(
                .staging, name: "m", version: version, archiveOthers: false, at: RegistryStores.later, events: [])
        }
        try await stores.versions.delete(name: "m", version: 4, at: RegistryStores.later, events: [])
        let latest = try await stores.models.model(name: "m")?.latestVersions.map { "\($0.version) \($0.stage.rawValue)" }
        try Broken.unless(latest, is: ["2 Staging", "3 None"], "the highest of each stage that is not deleted")
    }

    @Sendable private static func search(_ stores: RegistryStores) async throws {
        try await stores.add("alpha", tags: [ModelTag(key: "team", value: "x")])
        try await stores.add("Beta")
        try await stores.add("gamma", tags: [ModelTag(key: RegisteredModel.promptTag, value: "true")])
        try await stores.models.describe(name: "alpha", "", at: RegistryStores.later)
        func names(_ filter: String?, orders: [String] = []) async throws -> [String] {
            let search = ModelSearch(filter: try RegistryFilter.models(filter), orders: try RegistryFilter.modelOrders(orders), limit: 10)
            return try await stores.models.search(search).items.map(\.name)
        }
        try Broken.unless(try await names(nil), is: ["Beta", "alpha"], "by name, without prompts")
        try Broken.unless(try await names(nil, orders: ["last_updated_timestamp DESC"]), is: ["alpha", "Beta"], "by change")
        try Broken.unless(try await names("name = 'alpha'"), is: ["alpha"], "by name")
        try Broken.unless(try await names("name ILIKE 'b%'"), is: ["Beta"], "by part of the name")
        try Broken.unless(try await names("tags.team = 'x'"), is: ["alpha"], "by tag")
        try Broken.unless(try await names("tags.`mlflow.prompt.is_prompt` = 'true'"), is: ["gamma"], "prompts when asked")
        try Broken.unless(try await names("tags.`mlflow.prompt.is_prompt` != 'true'"), is: ["Beta", "alpha"], "no prompts when said so")
        let page = try await stores.models.search(ModelSearch(limit: 1))
        try Broken.unless(page.nextOffset, is: 1, "a next page")
    }
}
