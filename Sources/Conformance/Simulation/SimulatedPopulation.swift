import Clockwork

/// Who asks, and how many of them: a population that wanders and jumps, traffic that stops, and an assignment that breaks, each for a
/// while.
struct SimulatedPopulation {
    private(set) var place = 0.0
    private(set) var misrouted = 0.0
    private var silentTicks = 0
    private var brokenTicks = 0
    /// Traffic flows, the population stands still.
    var isCalm = false

    mutating func move(_ random: SeededRandom) {
        silentTicks = isCalm ? 0 : max(0, silentTicks - 1)
        brokenTicks = isCalm ? 0 : max(0, brokenTicks - 1)
        misrouted = brokenTicks > 0 ? 0.5 : 0
        if isCalm { return }
        if random.chance(0.01) { place = random.uniform() }
        if silentTicks == 0, random.chance(0.015) { silentTicks = random.within(1...12) }
        if brokenTicks == 0, random.chance(0.003) { brokenTicks = random.within(2...8) }
    }

    func rows(_ random: SeededRandom) -> Int { silentTicks > 0 ? 0 : random.within(1_000...6_000) }
}
