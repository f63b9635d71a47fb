import Conformance
import ContinuousTraining
import Errors
import JSON
import Testing

struct TrainingLoopDocumentTests {
    @Test func `any loop is read back from its document as it was`() throws {
        for seed in 0..<500 {
            let loop = TrainingLoop.arbitrary(SeededRandom(seed: UInt64(seed)))
            let text = JSONValue.object(loop.json).text
            #expect(try TrainingLoop(json: JSONValue.parse(text)) == loop, "seed \(seed)")
        }
    }

    @Test(arguments: ["endpoint", "phase", "cursor", "revision", "held", "starts"])
    func `a document without a member is refused`(member: String) throws {
        var document = TrainingLoop.arbitrary(SeededRandom(seed: 1)).json
        document[member] = nil
        #expect(#expect(throws: JidokaError.self) { try TrainingLoop(json: .object(document)) }?.code == .internal)
    }
}
