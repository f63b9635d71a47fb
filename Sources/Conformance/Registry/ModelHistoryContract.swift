import Clockwork
import Errors
import Events
import Registry

/// What every `ModelHistory` does beside the stores that write it.
package enum ModelHistoryContract {
    package static let checks: [ContractCheck<RegistryStores>] = [
        ContractCheck("an alias is known as of every moment, with who moved it and why", aliases),
        ContractCheck("a stage is known as of every moment, with those that were archived by the way", stages),
        ContractCheck("a deleted version ends its aliases and its stage, and the past keeps them", deleted),
        ContractCheck("history follows a rename and goes with a deleted model", renames),
        ContractCheck("a version that was imported with a stage is in it from its import on, once", imported),
        ContractCheck("refused changes and changes to what is so leave no line", nothing),
    ]

    private static func moment(_ seconds: Int64) -> Timestamp { RegistryStores.start + .seconds(seconds) }

    private static func cause(_ actor: String, _ reason: String) -> [EventDraft] {
        [
            EventDraft(
                kind: "model_version.moved", subject: EventSubject("model_version", "x"), actor: actor, reason: reason,
                time: RegistryStores.start)
        ]
    }

    private static func point(_ stores: RegistryStores, _ alias: String, _ version: Int?, at second: Int64, _ reason: String = "")
        async throws
    {
        try await stores.models.setAlias(
            alias, name: "m", to: version, expecting: .anything, at: moment(second), events: cause("user:\(second)", reason))
    }

    @Sendable private static func aliases(_ stores: RegistryStores) async throws {
        try await stores.add("m")
        for _ in 0..<3 { try await stores.addVersion("m") }
        try await point(stores, "champion", 1, at: 10, "first")
        try await point(stores, "other", 3, at: 15)
        try await point(stores, "champion", 2, at: 20, "better")
        try await point(stores, "champion", nil, at: 30, "withdrawn")
        var found: [Int?] = []
        for second: Int64 in [9, 10, 19, 20, 29, 30, 99] {
            found.append(try await stores.history.version(name: "m", alias: "champion", at: moment(second)))
        }
        try Broken.unless(found, is: [nil, 1, 1, 2, 2, nil, nil], "as of")
        let moves = try await stores.history.aliasMoves(name: "m", alias: "champion", limit: 10)
        let wanted = [
            LabelMove(label: .alias("champion"), after: nil, before: "2", time: moment(30), actor: "user:30", reason: "withdrawn"),
            LabelMove(label: .alias("champion"), after: "2", before: "1", time: moment(20), actor: "user:20", reason: "better"),
            LabelMove(label: .alias("champion"), after: "1", before: nil, time: moment(10), actor: "user:10", reason: "first"),
        ]
        try Broken.unless(moves, is: wanted, "newest first")
        try Broken.unless(try await stores.history.aliasMoves(name: "m", alias: nil, limit: 10).count, is: 4, "of all aliases")
        try Broken.unless(try await stores.history.aliasMoves(name: "m", alias: nil, limit: 2).count, is: 2, "no more than asked for")
        try await Broken.unlessRefused(.notFound) { _ = try await stores.history.aliasMoves(name: "x", alias: nil, limit: 10) }
        try await Broken.unlessRefused(.notFound) { _ = try await stores.history.version(name: "x", alias: "a", at: moment(0)) }
    }

    @Sendable private static func imported(_ stores: RegistryStores) async throws {
        try await stores.add("m")
        func adopt(_ number: Int, _ stage: ModelStage) async throws {
            let draft = ModelVersionDraft(
                name: "m", description: "", source: "s", storageLocation: "", runID: "r", runLink: "", modelID: "", userID: "", tags: [],
                status: .ready, time: moment(-100))
            _ = try await stores.versions.adopt(draft, KeptVersion(number: number, stage: stage)) { _ in
                cause("user:ann", "from there")[0]
            }
        }
        for _ in 0..<2 { try await adopt(3, .production) }
        try await adopt(4, .none)
        let wanted = [
            LabelMove(
                label: .stage(version: 3), after: "Production", before: nil, time: moment(0), actor: "user:ann", reason: "from there")
        ]
        try Broken.unless(try await stores.history.stageMoves(name: "m", stage: nil, limit: 10), is: wanted, "one line")
        try Broken.unless(try await stores.history.version(name: "m", stage: .production, at: moment(0)), is: 3, "from then on")
        try Broken.unless(try await stores.history.version(name: "m", stage: .production, at: moment(-1)) == nil, "not before")
    }

    private static func move(
        _ stores: RegistryStores, _ version: Int, _ stage: ModelStage, at second: Int64, archive: Bool = false
    ) async throws {
        _ = try await stores.versions.setStage(
            stage, name: "m", version: version, archiveOthers: archive, at: moment(second), events: cause("user:\(second)", "why"))
    }

    @Sendable private static func stages(_ stores: RegistryStores) async throws {
        try await stores.add("m")
        for _ in 0..<3 { try await stores.addVersion("m") }
        try await move(stores, 2, .production, at: 10)
        try await move(stores, 1, .production, at: 20)
        try await move(stores, 3, .production, at: 30, archive: true)
        try await move(stores, 3, .staging, at: 40)
        func found(_ stage: ModelStage, _ seconds: [Int64]) async throws -> [Int?] {
            var all: [Int?] = []
            for second in seconds { all.append(try await stores.history.version(name: "m", stage: stage, at: moment(second))) }
            return all
        }
        try Broken.unless(try await found(.production, [9, 10, 25, 30, 40]), is: [nil, 2, 2, 3, nil], "the highest in production")
        try Broken.unless(try await found(.archived, [29, 30]), is: [nil, 2], "archived by the way")
        try Broken.unless(try await found(.none, [-1, 0, 10, 30]), is: [nil, 3, 3, nil], "from registration on")
        let into = try await stores.history.stageMoves(name: "m", stage: .archived, limit: 10)
        try Broken.unless(into.map(\.label), is: [.stage(version: 2), .stage(version: 1)], "those that were archived")
        try Broken.unless(into.map(\.before), is: ["Production", "Production"], "where they were")
        try Broken.unless(into.map(\.actor), is: ["user:30", "user:30"], "who did it")
        try Broken.unless(try await stores.history.stageMoves(name: "m", stage: nil, limit: 10).count, is: 6, "all moves")
    }

    @Sendable private static func deleted(_ stores: RegistryStores) async throws {
        try await stores.add("m")
        for _ in 0..<2 { try await stores.addVersion("m") }
        try await point(stores, "champion", 2, at: 10)
        try await move(stores, 2, .production, at: 10)
        try await stores.versions.delete(name: "m", version: 2, at: moment(20), events: cause("user:bob", "leaks"))
        let before = try await stores.history.version(name: "m", alias: "champion", at: moment(19))
        try Broken.unless(before, is: 2, "it was the champion")
        let after = try await stores.history.version(name: "m", alias: "champion", at: moment(20))
        try Broken.unless(after == nil, "it is no more")
        let stageBefore = try await stores.history.version(name: "m", stage: .production, at: moment(19))
        try Broken.unless(stageBefore, is: 2, "it was in production")
        let stageAfter = try await stores.history.version(name: "m", stage: .production, at: moment(20))
        try Broken.unless(stageAfter == nil, "nothing is in production")
        let last = try await stores.history.stageMoves(name: "m", stage: nil, limit: 1).first
        let wanted = LabelMove(
            label: .stage(version: 2), after: nil, before: "Production", time: moment(20), actor: "user:bob", reason: "leaks")
        try Broken.unless(last, is: wanted, "the end of its stage")
    }

    @Sendable private static func renames(_ stores: RegistryStores) async throws {
        try await stores.add("m")
        try await stores.addVersion("m")
        try await point(stores, "champion", 1, at: 10)
        try await stores.models.rename(name: "m", to: "n", at: moment(20), events: [])
        try Broken.unless(try await stores.history.version(name: "n", alias: "champion", at: moment(15)), is: 1, "under the new name")
        try await Broken.unlessRefused(.notFound) { _ = try await stores.history.version(name: "m", alias: "champion", at: moment(15)) }
        try await stores.models.delete(name: "n", events: [])
        try await stores.add("n")
        try Broken.unless(try await stores.history.aliasMoves(name: "n", alias: nil, limit: 10), is: [], "a new model has no past")
    }

    @Sendable private static func nothing(_ stores: RegistryStores) async throws {
        try await stores.add("m")
        try await stores.addVersion("m")
        try await point(stores, "champion", 1, at: 10)
        try await point(stores, "champion", 1, at: 20)
        try await move(stores, 1, .staging, at: 20)
        try await move(stores, 1, .staging, at: 30)
        try await Broken.unlessRefused(.notFound) { try await point(stores, "champion", 9, at: 40) }
        try await Broken.unlessRefused(.notFound) { try await move(stores, 9, .staging, at: 40) }
        try Broken.unless(try await stores.history.aliasMoves(name: "m", alias: nil, limit: 10).count, is: 1, "aliases")
        try Broken.unless(try await stores.history.stageMoves(name: "m", stage: nil, limit: 10).count, is: 1, "stages")
    }
}
