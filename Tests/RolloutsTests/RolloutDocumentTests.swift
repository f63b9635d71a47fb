import Clockwork
import Conformance
import Errors
import JSON
import Rollouts
import Testing

struct RolloutDocumentTests {
    @Test func `any rollout is read back from its document as it was`() throws {
        for seed in 0..<500 {
            let rollout = Rollout.arbitrary(SeededRandom(seed: UInt64(seed)))
            let text = JSONValue.object(rollout.json).text
            #expect(try Rollout(json: JSONValue.parse(text)) == rollout, "seed \(seed)")
        }
    }

    @Test(arguments: ["id", "version", "plan", "state", "percent", "split", "revision", "times", "step"])
    func `a document without a member is refused by its name`(member: String) throws {
        var document = Rollout.arbitrary(SeededRandom(seed: 1)).json
        document[member] = nil
        let error = #expect(throws: JidokaError.self) { try Rollout(json: .object(document)) }
        #expect(error?.code == .internal)
        #expect(error?.message.contains(member) ?? false)
    }

    @Test func `the document shows times, states and the verdict in words`() {
        var machine = RolloutMachine.canary()
        _ = machine.handle(.evidence(evidence(1_000)), at: at(1))
        let document = JSONValue.object(machine.rollout.json)
        #expect(document["started_at"] == "2026-01-01T00:00:00.000000Z")
        #expect(document["state"] == "canary")
        #expect(document["verdict"]?["outcome"] == "undecided")
        #expect(document["verdict"]?["why"] == "100 of 300 labels in the smaller arm")
        #expect(document["history"]?[1]?["state"] == "canary")
        #expect(document["evidence"]?["candidate"]?["accuracy"] == .double(0.8))
    }
}
