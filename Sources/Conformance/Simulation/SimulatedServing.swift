import Clockwork
import Errors
import Rollouts
import Synchronization

/// A version as the simulation knows it and the services do not.
struct SimulatedVersion: Sendable, Hashable {
    var name: String
    /// Share of correct answers on the population it was trained on.
    var skill: Double
    /// Where that population stands, 0...1.
    var home: Double
    var errorRate: Double
    var slowRate: Double

    /// What distance from home costs.
    static let driftCost = 0.3

    func accuracy(on population: Double) -> Double { max(0.05, skill - SimulatedVersion.driftCost * abs(population - home)) }
}

/// Serving and the registry's champion, with traffic and late labels in ticks of one length. Nothing here forgets in a crash, except that a
/// forgetful restart loses the counts before it, as counters in memory would.
final class SimulatedServing: Sendable {
    fileprivate struct State {
        var weights: [String: Int]
        var registered: String
        var versions: [String: SimulatedVersion]
        /// Cumulative counts of each version at the end of each tick, with the tick it first answered in.
        var counts: [String: (first: Int, totals: [ArmEvidence])] = [:]
        var tick = 0
        var forgottenBefore = 0
        var switches = 0
    }
    private let state: Mutex<State>
    private let faults: Faults
    private let start: Timestamp
    private let tickLength: Duration
    /// Labels come this many ticks after their answers.
    private let labelDelay: Int

    init(champion: SimulatedVersion, faults: Faults, start: Timestamp, tickLength: Duration, labelDelay: Int) {
        state = Mutex(State(weights: [champion.name: 100], registered: champion.name, versions: [champion.name: champion]))
        self.faults = faults
        self.start = start
        self.tickLength = tickLength
        self.labelDelay = labelDelay
    }

    func add(_ version: SimulatedVersion) { state.withLock { $0.versions[version.name] = version } }
    func version(_ name: String) -> SimulatedVersion? { state.withLock { $0.versions[name] } }
    /// The traffic plan in force, in percent.
    var weights: [String: Int] { state.withLock { $0.weights } }
    /// The registry's champion.
    var registered: String { state.withLock { $0.registered } }
    /// How often the plan was set.
    var switches: Int { state.withLock { $0.switches } }
    func forget() { state.withLock { $0.forgottenBefore = $0.tick } }

    /// One tick of traffic: `rows` rows of a population, of which the share `misrouted` of the challenger's goes to the champion. Answers
    /// how many rows each version got.
    func serve(rows: Int, population: Double, misrouted: Double, random: SeededRandom) -> [String: Int] {
        state.withLock { state in
            state.tick += 1
            var given: [String: Int] = [:]
            let shares = state.weights.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
            var left = rows
            for (index, share) in shares.enumerated() {
                let isLast = index == shares.count - 1
                let answered = isLast ? left : random.binomial(rows, Double(share.value) / 100 * (1 - misrouted))
                given[share.key] = min(answered, left)
                left -= given[share.key] ?? 0
            }
            for (name, answered) in given.sorted(by: { $0.key < $1.key }) {
                guard let version = state.versions[name] else { continue }
                let errors = random.binomial(answered, version.errorRate)
                var total = state.total(of: name, at: state.tick)
                total.requests += Int64(answered)
                total.errors += Int64(errors)
                total.slow += Int64(random.binomial(answered - errors, version.slowRate))
                total.labelled += Int64(answered - errors)
                total.correct += Int64(random.binomial(answered - errors, version.accuracy(on: population)))
                state.extend(name, to: total)
            }
            return given
        }
    }

    private func tick(after time: Timestamp) -> Int {
        Int((time - start).microseconds / tickLength.microseconds)
    }
}

extension SimulatedServing: TrafficSwitch {
    func split(endpoint: String, champion: String, candidate: String, percent: Int, actor: String, reason: String) async throws {
        try await faults.attempt("split \(candidate) \(percent)") {
            try state.withLock { state in
                guard state.versions[candidate] != nil, state.versions[champion] != nil else {
                    throw JidokaError.notFound("no version `\(candidate)`")
                }
                state.weights = [champion: 100 - percent, candidate: percent]
                state.switches += 1
            }
        }
    }

    func switchOver(endpoint: String, to version: String, actor: String, reason: String) async throws {
        try await faults.attempt("switch over to \(version)") {
            state.withLock { state in
                state.weights = [version: 100]
                state.switches += 1
            }
        }
    }
}

extension SimulatedServing: ChampionRegistry {
    func makeChampion(model: String, version: String, actor: String, reason: String) async throws {
        try await faults.attempt("make champion \(version)") { state.withLock { $0.registered = version } }
    }
}

extension SimulatedServing: EvidenceSource {
    func evidence(endpoint: String, champion: String, candidate: String, since: Timestamp) async throws -> Evidence {
        try await faults.attempt("evidence", isRead: true) {
            state.withLock { state in
                let from = max(tick(after: since), state.forgottenBefore)
                return Evidence(
                    champion: state.counts(of: champion, from: from, labelDelay: labelDelay),
                    candidate: state.counts(of: candidate, from: from, labelDelay: labelDelay))
            }
        }
    }
}

extension SimulatedServing.State {
    /// The cumulative counts at the end of a tick.
    fileprivate func total(of version: String, at tick: Int) -> ArmEvidence {
        guard let kept = counts[version], tick >= kept.first, let last = kept.totals.last else { return ArmEvidence() }
        return tick - kept.first < kept.totals.count ? kept.totals[tick - kept.first] : last
    }

    /// Appends the counts of this tick; ticks without answers in between repeat the ones before.
    fileprivate mutating func extend(_ version: String, to total: ArmEvidence) {
        var kept = counts[version] ?? (first: tick, totals: [])
        let before = kept.totals.last ?? ArmEvidence()
        while kept.first + kept.totals.count < tick { kept.totals.append(before) }
        kept.totals.append(total)
        counts[version] = kept
    }

    fileprivate func counts(of version: String, from: Int, labelDelay: Int) -> ArmEvidence {
        let start = total(of: version, at: from)
        let now = total(of: version, at: tick)
        let labelled = total(of: version, at: max(from, tick - labelDelay))
        return ArmEvidence(
            requests: now.requests - start.requests, errors: now.errors - start.errors, slow: now.slow - start.slow,
            labelled: labelled.labelled - start.labelled, correct: labelled.correct - start.correct)
    }
}
