import Clockwork
import Errors
import Events
import JSON
import Pipelines
import Testing

private let now = Timestamp(microseconds: 1_700_000_000_000_000)

private func machine(_ steps: [StepDefinition]) throws -> PipelineMachine {
    PipelineMachine(
        PipelineRun(
            id: "r1", request: nil, reason: "by hand", actor: "user:alice", trigger: "manual", params: [:], data: ["census": "d1"],
            definition: try PipelineDefinition(steps: steps, params: [:]), at: now))
}

private func step(_ name: String, _ needs: [String] = [], retries: Int = 0) -> StepDefinition {
    StepDefinition(name: name, run: "true", needs: needs, retries: retries)
}

extension PipelineMachine {
    fileprivate mutating func feed(_ input: Input) -> [String] { handle(input, at: now).map(\.word) }

    fileprivate func status(_ step: String) -> StepRun.Status? { run.steps.first { $0.name == step }?.status }
}

extension PipelineMachine.Action {
    /// Short words for tables.
    fileprivate var word: String {
        switch self {
        case .start(let step, let attempt): "start \(step) \(attempt)"
        case .stop(let step): "stop \(step)"
        case .conclude: "conclude"
        case .record(let event): event.kind
        }
    }
}

struct PipelineMachineTests {
    @Test func `steps run in order, then the run concludes and succeeds`() throws {
        var machine = try machine([step("train", ["check"]), step("check")])
        #expect(machine.feed(.begin) == ["pipeline_run.started", "start check 1"])
        #expect(machine.feed(.ended(step: "check", attempt: 1, exitStatus: 0, message: nil)) == ["start train 1"])
        #expect(machine.feed(.ended(step: "train", attempt: 1, exitStatus: 0, message: nil)) == ["conclude"])
        #expect(machine.run.status == .concluding)
        #expect(machine.feed(.concluded(modelVersion: "3", gate: ["verdict": "passed"], refused: nil)) == ["pipeline_run.succeeded"])
        #expect(machine.run.modelVersion == "3")
        #expect(machine.run.endedAt == now)
        #expect(!machine.run.refused)
        #expect(machine.run.revision == 4)
    }

    @Test func `two steps at most run at the same moment`() throws {
        var machine = try machine([step("a"), step("b"), step("c"), step("d", ["a", "b", "c"])])
        #expect(machine.feed(.begin) == ["pipeline_run.started", "start a 1", "start b 1"])
        #expect(machine.feed(.ended(step: "b", attempt: 1, exitStatus: 0, message: nil)) == ["start c 1"])
        #expect(machine.feed(.cacheHit(step: "a", from: "r0")) == [])
        #expect(machine.feed(.ended(step: "c", attempt: 1, exitStatus: 0, message: nil)) == ["start d 1"])
        #expect(machine.status("a") == .cached)
        #expect(machine.run.steps[0].cachedFrom == "r0")
    }

    @Test func `a failed step is tried again as often as it says, then what needs it is skipped`() throws {
        var machine = try machine([step("a", retries: 2), step("b", ["a"]), step("c", ["b"]), step("d")])
        _ = machine.feed(.begin)
        #expect(machine.feed(.ended(step: "a", attempt: 1, exitStatus: 1, message: "boom")) == ["start a 2"])
        #expect(machine.feed(.broke(step: "a", attempt: 2, message: "overran")) == ["start a 3"])
        #expect(machine.feed(.ended(step: "d", attempt: 1, exitStatus: 0, message: nil)) == [])
        #expect(machine.feed(.ended(step: "a", attempt: 3, exitStatus: 1, message: "boom")) == ["pipeline_run.failed"])
        #expect(machine.run.steps.map(\.status) == [.failed, .skipped, .skipped, .succeeded])
        #expect(machine.run.error == "step `a` failed: boom")
        #expect(machine.run.steps[1].message == "needs `a`, which failed")
        #expect(machine.run.steps[2].message == "needs `b`, which skipped")
        #expect(!machine.run.refused)
    }

    @Test func `exit status 3 is a verdict and is never tried again`() throws {
        var machine = try machine([step("check", retries: 5), step("train", ["check"])])
        _ = machine.feed(.begin)
        #expect(machine.feed(.ended(step: "check", attempt: 1, exitStatus: 3, message: "2 expectations failed")) == ["pipeline_run.failed"])
        #expect(machine.run.refused)
        #expect(machine.run.steps[0].exitStatus == 3)
    }

    @Test func `a gate that says no fails the run with its reason`() throws {
        var machine = try machine([step("a")])
        _ = machine.feed(.begin)
        _ = machine.feed(.ended(step: "a", attempt: 1, exitStatus: 0, message: nil))
        #expect(machine.feed(.concluded(modelVersion: "3", gate: [:], refused: "accuracy is below 0.7")) == ["pipeline_run.failed"])
        #expect(machine.run.refused)
        #expect(machine.run.modelVersion == "3")
        #expect(machine.run.error == "accuracy is below 0.7")
    }

    @Test func `a run that cannot conclude fails, and not as a verdict`() throws {
        var machine = try machine([step("a")])
        _ = machine.feed(.begin)
        #expect(machine.feed(.concludingFailed("too early")) == [])
        _ = machine.feed(.ended(step: "a", attempt: 1, exitStatus: 0, message: nil))
        #expect(machine.feed(.concludingFailed("no model was logged")) == ["pipeline_run.failed"])
        #expect(machine.run.status == .failed)
        #expect(!machine.run.refused)
    }

    @Test func `cancelling stops what runs, ends the run, and names who did it`() throws {
        var machine = try machine([step("a"), step("b"), step("c", ["a"])])
        _ = machine.feed(.begin)
        let actions = machine.handle(.cancel(actor: "user:bob", reason: "wrong data"), at: now)
        #expect(actions.map(\.word) == ["stop a", "stop b", "pipeline_run.cancelled"])
        guard case .record(let event) = actions[2] else { return }
        #expect(event.actor == "user:bob")
        #expect(event.reason == "cancelled by user:bob: wrong data")
        #expect(machine.run.status == .cancelled)
        #expect(machine.run.steps.allSatisfy { $0.status == .cancelled })
        #expect(machine.feed(.ended(step: "a", attempt: 1, exitStatus: 0, message: nil)) == [])
        #expect(machine.feed(.begin) == [])
    }

    @Test func `a queued run can be cancelled before it starts`() throws {
        var machine = try machine([step("a")])
        #expect(machine.feed(.cancel(actor: "user:bob", reason: "no")) == ["pipeline_run.cancelled"])
    }

    @Test func `after a restart what was running starts again and no retry is lost`() throws {
        var machine = try machine([step("a", retries: 1), step("b", ["a"])])
        _ = machine.feed(.begin)
        var restarted = PipelineMachine(machine.run)
        #expect(restarted.feed(.begin) == ["pipeline_run.resumed", "start a 1"])
        #expect(restarted.run.steps[0].message == "started again after a restart of the server")
        #expect(restarted.feed(.ended(step: "a", attempt: 1, exitStatus: 1, message: nil)) == ["start a 2"])
        #expect(restarted.feed(.ended(step: "a", attempt: 2, exitStatus: 0, message: nil)) == ["start b 1"])
        #expect(restarted.status("a") == .succeeded)
    }

    @Test func `a run that was concluding concludes again after a restart`() throws {
        var machine = try machine([step("a")])
        _ = machine.feed(.begin)
        _ = machine.feed(.ended(step: "a", attempt: 1, exitStatus: 0, message: nil))
        var restarted = PipelineMachine(machine.run)
        #expect(restarted.feed(.begin) == ["conclude"])
        #expect(restarted.run.revision == machine.run.revision)
    }

    @Test func `answers of an earlier attempt do not count`() throws {
        var machine = try machine([step("a", retries: 3)])
        _ = machine.feed(.begin)
        _ = machine.feed(.ended(step: "a", attempt: 1, exitStatus: 1, message: nil))
        #expect(machine.feed(.ended(step: "a", attempt: 1, exitStatus: 0, message: nil)) == [])
        #expect(machine.status("a") == .running)
    }

    @Test(arguments: [
        ([step("a", ["b"])], "needs `b`, which is no step"),
        ([step("train", ["chek"]), step("check")], "needs `chek`, which is no step"),
        ([step("a"), step("a")], "two steps share a name"),
        ([step("a", ["b"]), step("b", ["a"]), step("c")], "`a`, `b` need each other in a circle"),
        ([step("a", ["a"])], "need each other in a circle"),
    ])
    func `a graph that cannot run is refused`(steps: [StepDefinition], message: String) {
        let error = #expect(throws: JidokaError.self) { try PipelineDefinition(steps: steps, params: [:]) }
        #expect(error?.message.contains(message) == true)
    }

    @Test func `a run survives its document form`() throws {
        var machine = try machine([
            StepDefinition(name: "a", run: "x ${params.y}", inputs: ["t.py"], cache: true, retries: 2, timeout: .milliseconds(1_500)),
            step("b", ["a"]), step("c"),
        ])
        _ = machine.feed(.begin)
        #expect(try PipelineRun(json: JSONValue.parse(JSONValue.object(machine.run.json).text)) == machine.run)
        _ = machine.feed(.cacheHit(step: "a", from: "r0"))
        _ = machine.feed(.ended(step: "c", attempt: 1, exitStatus: 7, message: "line \"1\"\n☃"))
        _ = machine.feed(.ended(step: "b", attempt: 1, exitStatus: 0, message: nil))
        #expect(machine.run.status == .failed)
        #expect(try PipelineRun(json: JSONValue.parse(JSONValue.object(machine.run.json).text)) == machine.run)
        #expect(throws: JidokaError.self) { try PipelineRun(json: ["id": "x"]) }
    }
}

/// Random graphs, random outcomes, restarts and cancels, from a seed.
struct PipelineMachinePropertyTests {
    @Test(arguments: 0..<300)
    func `whatever happens, the rules hold and the run ends`(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let count = Int.random(in: 1...9, using: &random)
        let steps = (0..<count).map { index in
            step(
                "s\(index)", (0..<index).filter { _ in Int.random(in: 0..<3, using: &random) == 0 }.map { "s\($0)" },
                retries: Int.random(in: 0...2, using: &random))
        }
        var machine = try machine(steps.shuffled(using: &random))
        var running: [String: Int] = [:]
        var starts: [String: Int] = [:]
        var restarts = 0
        var verdicts: Set<String> = []
        var (isConcluding, isCancelled) = (false, false)
        func carryOut(_ actions: [PipelineMachine.Action]) {
            for action in actions {
                switch action {
                case .start(let name, let attempt):
                    let needs = steps.first { $0.name == name }?.needs ?? []
                    #expect(needs.allSatisfy { machine.status($0)?.satisfies == true }, "\(name) started before what it needs")
                    #expect(!verdicts.contains(name), "\(name) was tried again after a verdict")
                    running[name] = attempt
                    starts[name, default: 0] += 1
                case .stop(let name): running[name] = nil
                case .conclude: isConcluding = true
                case .record: break
                }
            }
            #expect(running.count <= PipelineMachine.parallelMax)
        }
        carryOut(machine.handle(.begin, at: now))
        var revision = machine.run.revision
        for _ in 0..<400 where !machine.run.status.isFinal {
            let draw = Int.random(in: 0..<100, using: &random)
            if draw < 3, restarts < 3 {
                restarts += 1
                running = [:]
                isConcluding = false
                machine = PipelineMachine(machine.run)
                carryOut(machine.handle(.begin, at: now))
            } else if draw == 3 {
                isCancelled = true
                carryOut(machine.handle(.cancel(actor: "user:bob", reason: "enough"), at: now))
                #expect(running.isEmpty, "a step runs on after the cancel")
            } else if isConcluding {
                isConcluding = false
                carryOut(
                    machine.handle(draw < 50 ? .concluded(modelVersion: "1", gate: nil, refused: nil) : .concludingFailed("no"), at: now))
            } else if let (name, attempt) = running.sorted(by: { $0.key < $1.key }).randomElement(using: &random) {
                running[name] = nil
                switch draw {
                case ..<60: carryOut(machine.handle(.ended(step: name, attempt: attempt, exitStatus: 0, message: nil), at: now))
                case ..<80: carryOut(machine.handle(.ended(step: name, attempt: attempt, exitStatus: 1, message: "e"), at: now))
                case ..<84:
                    verdicts.insert(name)
                    carryOut(machine.handle(.ended(step: name, attempt: attempt, exitStatus: 3, message: "no"), at: now))
                case ..<90: carryOut(machine.handle(.broke(step: name, attempt: attempt, message: "time"), at: now))
                default: carryOut(machine.handle(.cacheHit(step: name, from: "r0"), at: now))
                }
            }
            #expect(machine.run.revision >= revision)
            revision = machine.run.revision
        }
        #expect(machine.run.status == .cancelled || !isCancelled)
        #expect(machine.run.refused ? !verdicts.isEmpty : true)
        for definition in steps {
            #expect(starts[definition.name, default: 0] <= definition.retries + 1 + restarts, "\(definition.name) was tried too often")
        }
        checkEnd(machine.run)
    }

    private func checkEnd(_ run: PipelineRun) {
        #expect(run.status.isFinal, "the run did not end: \(run.steps)")
        if run.status == .succeeded { #expect(run.steps.allSatisfy { $0.status.satisfies }) }
        #expect(run.steps.allSatisfy { $0.status.isFinal })
    }
}
