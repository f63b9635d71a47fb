import Errors
import JSON
import Testing

@testable import Serving

struct TrafficPlanTests {
    private static let units = (0..<20_000).map { "user-\($0)" }

    private func members(_ plan: TrafficPlan, of version: String) -> Set<String> {
        Set(TrafficPlanTests.units.filter { plan.route(unit: $0)?.version == version })
    }

    private func plan(_ arms: [(String, Double)], salt: String = "salt") -> TrafficPlan {
        TrafficPlan(champion: "1", challengers: arms.map { .init(version: $0.0, weight: $0.1) }, salt: salt)
    }

    @Test(arguments: [0.0, 1, 10, 33.3, 50, 99, 100])
    func `a challenger gets its share`(percent: Double) {
        let share = Double(members(plan([("2", percent)]), of: "2").count) / Double(TrafficPlanTests.units.count) * 100
        // Four standard deviations of a binomial share at 20,000 units.
        let tolerance = 4 * (percent * (100 - percent) / Double(TrafficPlanTests.units.count)).squareRoot()
        #expect(abs(share - percent) <= tolerance)
    }

    @Test func `several challengers get their shares`() {
        let plan = plan([("2", 20), ("3", 30), ("4", 5)])
        for (version, percent) in [("1", 45.0), ("2", 20), ("3", 30), ("4", 5)] {
            let share = Double(members(plan, of: version).count) / Double(TrafficPlanTests.units.count) * 100
            #expect(abs(share - percent) < 1.5, "version \(version) got \(share) %")
        }
    }

    @Test func `who is in at 10 percent is in at 50 and at 100`() {
        var earlier: Set<String> = []
        for percent in [1.0, 10, 25, 50, 100] {
            let now = members(plan([("2", percent)]), of: "2")
            #expect(earlier.isSubset(of: now))
            earlier = now
        }
        #expect(earlier.count == TrafficPlanTests.units.count)
    }

    @Test func `raising a later challenger keeps its members too`() {
        let before = members(plan([("2", 20), ("3", 10)]), of: "3")
        let after = members(plan([("2", 20), ("3", 40)]), of: "3")
        #expect(before.isSubset(of: after))
        #expect(members(plan([("2", 20), ("3", 10)]), of: "2") == members(plan([("2", 20), ("3", 40)]), of: "2"))
    }

    @Test func `a unit's arm is part of the format`() {
        // Fixed once and for all: a change here moves the users of every running rollout.
        let drawn = ["a", "b", "c"].map { Int(TrafficPlan.draw(salt: "s", unit: $0, version: "2") * 1_000_000) }
        #expect(drawn == [101_853, 12_122, 186_109])
    }

    @Test func `another salt is another assignment, and so is another version`() {
        let first = members(plan([("2", 50)]), of: "2")
        for other in [members(plan([("2", 50)], salt: "other"), of: "2"), members(plan([("3", 50)]), of: "3")] {
            let shared = Double(first.intersection(other).count) / Double(first.count)
            #expect(abs(shared - 0.5) < 0.03)
        }
    }

    @Test func `without a champion nobody answers`() {
        #expect(TrafficPlan().route(unit: "a") == nil)
    }

    @Test func `shadows see their share and answer nothing`() {
        let plan = TrafficPlan(champion: "1", shadows: [.init(version: "2", weight: 25)], salt: "s")
        let seen = TrafficPlanTests.units.filter { plan.shadows(unit: $0) == ["2"] }.count
        #expect(abs(Double(seen) / Double(TrafficPlanTests.units.count) - 0.25) < 0.02)
        #expect(TrafficPlanTests.units.allSatisfy { plan.route(unit: $0)?.route == .champion })
    }

    @Test(arguments: [
        TrafficPlan(champion: "1", challengers: [.init(version: "1", weight: 1)]),
        TrafficPlan(champion: "1", challengers: [.init(version: "2", weight: 60), .init(version: "3", weight: 60)]),
        TrafficPlan(champion: "1", challengers: [.init(version: "2", weight: -1)]),
        TrafficPlan(champion: "1", challengers: [.init(version: "2", weight: .nan)]),
        TrafficPlan(champion: "1", challengers: [.init(version: "2", weight: 1)], shadows: [.init(version: "2", weight: 1)]),
        TrafficPlan(champion: nil, challengers: [.init(version: "2", weight: 1)]),
    ])
    func `impossible plans are refused`(plan: TrafficPlan) {
        #expect(throws: JidokaError.self) { try plan.validated() }
    }

    @Test func `a plan survives its stored form`() throws {
        let plan = TrafficPlan(
            champion: "7", challengers: [.init(version: "8", weight: 12.5)], shadows: [.init(version: "9", weight: 100)], salt: "abc")
        #expect(try TrafficPlan(json: JSONValue.parse(plan.json.text)) == plan)
        #expect(try TrafficPlan(json: JSONValue.parse(TrafficPlan().json.text)) == TrafficPlan())
    }
}
