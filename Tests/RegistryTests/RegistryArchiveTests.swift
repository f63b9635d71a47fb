import Clockwork
import Errors
import Registry
import SQLStores
import Testing

struct RegistryArchiveTests {
    @Test(arguments: [
        ("models:/churn@champion", "alias champion"), ("churn@champion", "alias champion"), ("models:/churn/3", "version 3"),
        ("models:/churn/production", "stage Production"), ("models:/churn/latest", "latest"), ("models:/churn@Latest", "latest"),
        ("models:/a@b@champion", "alias champion"),
    ])
    func `an address names an alias, a version, a stage or the latest`(text: String, wanted: String) throws {
        let target = try #require(ModelAddress(text)).target
        let found =
            switch target {
            case .alias(let alias): "alias \(alias)"
            case .version(let version): "version \(version)"
            case .stage(let stage): "stage \(stage.rawValue)"
            case .latest: "latest"
            }
        #expect(found == wanted)
    }

    @Test(arguments: [
        "", "models:/", "models:/churn", "models:/churn@", "models:/@a", "models:/churn/canary", "models:/a/b/1", "runs:/a/1",
    ])
    func `what is no address is refused`(text: String) { #expect(ModelAddress(text) == nil) }

    @Test func `the past of an alias is answered with its reason`() async throws {
        let fixture = try await RegistryFixture()
        defer { fixture.close() }
        let archive = RegistryArchive(registry: fixture.registry, history: SQLModelHistory(database: fixture.database))
        try await fixture.model("m", versions: 2)
        try await fixture.registry.setAlias("champion", name: "m", version: 1, actor: "user:ada", reason: "first")
        let between = Timestamp(microseconds: SystemTime().now().microseconds - 1)
        try await fixture.registry.setAlias("champion", name: "m", version: 2, actor: "user:bob", reason: "better")
        _ = try await fixture.registry.transition(
            name: "m", version: 2, to: "production", archiveExisting: true, actor: "user:bob", reason: "released")

        #expect(try await archive.resolve("models:/m@champion", at: between).version == 1)
        #expect(try await archive.resolve("models:/m@champion", at: nil).version == 2)
        #expect(try await archive.resolve("models:/m/Production", at: nil).version == 2)
        #expect(try await archive.resolve("models:/m/latest", at: between).version == 2)
        #expect(await refusal { _ = try await archive.resolve("models:/m/Production", at: between) }?.code == .notFound)
        #expect(await refusal { _ = try await archive.resolve("models:/m@champion", at: .zero) }?.code == .notFound)
        #expect(await refusal { _ = try await archive.resolve("m", at: nil) }?.code == .invalidArgument)

        let moves = try await archive.moves(name: "m")
        #expect(moves.map(\.reason) == ["released", "better", "first"])
        #expect(moves.map(\.actor) == ["user:bob", "user:bob", "user:ada"])
        #expect(try await archive.moves(name: "m", alias: "champion", limit: 1).map(\.after) == ["2"])
        #expect(try await archive.moves(name: "m", stage: "PRODUCTION").map(\.before) == ["None"])
        #expect(await refusal { _ = try await archive.moves(name: "m", alias: "a", stage: "None") }?.code == .invalidArgument)
    }

    @Test func `a version that was deleted since is named, not returned`() async throws {
        let fixture = try await RegistryFixture()
        defer { fixture.close() }
        let archive = RegistryArchive(registry: fixture.registry, history: SQLModelHistory(database: fixture.database))
        try await fixture.model("m", versions: 1)
        try await fixture.registry.setAlias("champion", name: "m", version: 1, actor: "user:ada")
        // The deletion may begin within the same microsecond.
        let then = Timestamp(microseconds: SystemTime().now().microseconds - 1)
        try await fixture.registry.deleteVersion(name: "m", version: 1, actor: "user:ada", reason: "leaks")
        let refused = await refusal { _ = try await archive.resolve("models:/m@champion", at: then) }
        #expect(refused?.code == .notFound)
        #expect(refused?.hint?.contains("was version 1") == true)
    }
}
