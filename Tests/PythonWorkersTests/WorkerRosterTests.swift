import Clockwork
import Testing

@testable import PythonWorkers

@Suite struct WorkerRosterTests {
    @Test func `the first free process answers, and who waits is served in order`() {
        var roster = WorkerRoster(running: 2)
        #expect(roster.ask(1) == [.grant(request: 1, slot: 0)])
        #expect(roster.ask(2) == [.grant(request: 2, slot: 1)])
        #expect(roster.ask(3) == [])
        #expect(roster.ask(4) == [])
        #expect(roster.depth == 2)
        #expect(roster.release(1) == [.grant(request: 3, slot: 1)])
        #expect(roster.release(0) == [.grant(request: 4, slot: 0)])
        #expect(roster.release(0) == [])
        #expect(roster.ask(5) == [.grant(request: 5, slot: 0)])
    }

    @Test func `a process that dies is started again, later each time, until it has answered`() {
        var roster = WorkerRoster(running: 1)
        #expect(roster.ask(1) == [.grant(request: 1, slot: 0)])
        #expect(roster.died(0) == [.start(slot: 0, after: 100_000_000)])
        #expect(roster.ask(2) == [], "it may come back")
        #expect(roster.started(0) == [.grant(request: 2, slot: 0)])
        #expect(roster.died(0) == [.start(slot: 0, after: 200_000_000)])
        #expect(roster.started(0) == [])
        #expect(roster.ask(3) == [.grant(request: 3, slot: 0)])
        roster.answered(0)
        #expect(roster.release(0) == [])
        #expect(roster.died(0) == [.start(slot: 0, after: 100_000_000)])
    }

    @Test func `nobody waits for a process that cannot be started`() {
        var roster = WorkerRoster(running: 2)
        _ = roster.ask(1)
        _ = roster.died(0)
        #expect(roster.failed(0, "no memory") == [.start(slot: 0, after: 400_000_000)], "the other one is there")
        #expect(roster.ask(2) == [.grant(request: 2, slot: 1)])
        #expect(roster.ask(3) == [])
        _ = roster.died(1)
        let actions = roster.failed(1, "no memory")
        #expect(actions.contains(.refuse(request: 3, why: "no memory")))
        #expect(roster.ask(4) == [.refuse(request: 4, why: "no memory")])
        #expect(roster.started(1) == [])
        #expect(roster.ask(5) == [.grant(request: 5, slot: 1)])
    }

    @Test(arguments: UInt64(0)..<40) func `whatever happens, no process has two requests and no request is lost`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        func below(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        var roster = WorkerRoster(running: 3)
        var holder: [Int: Int] = [:]  // slot: request
        var starting: Set<Int> = []
        var open: Set<Int> = []
        var asked = 0
        func perform(_ actions: [WorkerRoster.Action]) {
            for action in actions {
                switch action {
                case .grant(let request, let slot):
                    #expect(holder[slot] == nil && !starting.contains(slot), "slot \(slot) was taken")
                    #expect(open.contains(request))
                    holder[slot] = request
                case .refuse(let request, _): #expect(open.remove(request) != nil)
                case .start(let slot, _): starting.insert(slot)
                }
            }
        }
        for _ in 0..<400 {
            switch below(5) {
            case 0, 1:
                asked += 1
                open.insert(asked)
                perform(roster.ask(asked))
            case 2:
                guard let (slot, request) = holder.randomElement() else { continue }
                holder[slot] = nil
                open.remove(request)
                roster.answered(slot)
                perform(roster.release(slot))
            case 3:
                guard let (slot, request) = holder.randomElement() else { continue }
                holder[slot] = nil
                open.remove(request)
                perform(roster.died(slot))
            default:
                guard let slot = starting.randomElement() else { continue }
                if below(3) == 0 {
                    perform(roster.failed(slot, "why"))
                } else {
                    starting.remove(slot)
                    perform(roster.started(slot))
                }
            }
            #expect(roster.depth == open.count - holder.count)
        }
    }
}
