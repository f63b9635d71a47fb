import Clockwork
import Errors
package import JSON

/// Who answers an endpoint's requests: the champion, challengers with a share of the traffic each, and shadows that see it without
/// answering.
package struct TrafficPlan: Sendable, Hashable {
    /// The version that answers by default; nil until one was promoted.
    package var champion: String?
    package var challengers: [Arm]
    /// Versions that get a copy of `weight` percent of the requests; their answers are recorded and thrown away.
    package var shadows: [Arm]
    /// Part of every hash: another salt is another assignment of the units.
    package var salt: String

    /// A version and its share of the traffic in percent (0...100).
    package struct Arm: Sendable, Hashable {
        package var version: String
        package var weight: Double
        package init(version: String, weight: Double) {
            self.version = version
            self.weight = weight
        }
    }

    /// Which version answers one request, and in what part.
    package struct Assignment: Sendable, Hashable {
        package var version: String
        package var route: Route
    }

    package init(champion: String? = nil, challengers: [Arm] = [], shadows: [Arm] = [], salt: String = "") {
        self.champion = champion
        self.challengers = challengers
        self.shadows = shadows
        self.salt = salt
    }

    /// Every version that the plan needs in memory, the champion first.
    package var versions: [String] {
        var all: [String] = []
        for version in [champion].compactMap({ $0 }) + (challengers + shadows).map(\.version) where !all.contains(version) {
            all.append(version)
        }
        return all
    }

    /// The champion's share in percent.
    package var championWeight: Double { champion == nil ? 0 : 100 - challengers.reduce(0) { $0 + $1.weight } }

    /// - Throws: `invalid_argument` for weights out of range, repeated versions, or challengers and shadows without a champion.
    package func validated() throws -> TrafficPlan {
        let arms = challengers + shadows
        guard arms.allSatisfy({ $0.weight >= 0 && $0.weight <= 100 }) else {
            throw JidokaError.invalidArgument("a weight must be between 0 and 100 percent")
        }
        guard challengers.reduce(0, { $0 + $1.weight }) <= 100 else {
            throw JidokaError.invalidArgument("the challengers' weights add up to more than 100 percent")
        }
        guard Set(arms.map(\.version)).count == arms.count, !arms.contains(where: { $0.version == champion }) else {
            throw JidokaError.invalidArgument("a version may appear in a traffic plan only once")
        }
        guard champion != nil || arms.isEmpty else {
            throw JidokaError.invalidArgument(
                "a traffic plan with challengers or shadows needs a champion", hint: "promote a version first")
        }
        return self
    }

    /// The arm of a unit; nil when there is no champion yet.
    ///
    /// Each challenger in turn draws the units that are left with its own hash, so that shares are exact, a unit keeps its arm over
    /// restarts, and raising one challenger's weight only adds units to it: who was in at 10 % is in at 50 %.
    package func route(unit: String) -> Assignment? {
        guard let champion else { return nil }
        var left = 100.0
        for arm in challengers {
            if arm.weight > 0, TrafficPlan.draw(salt: salt, unit: unit, version: arm.version) * left < arm.weight {
                return Assignment(version: arm.version, route: .challenger)
            }
            left -= arm.weight
        }
        return Assignment(version: champion, route: .champion)
    }

    /// The shadows that see this unit's request.
    package func shadows(unit: String) -> [String] {
        if shadows.isEmpty { return [] }
        return shadows.filter { TrafficPlan.draw(salt: salt, unit: unit, version: $0.version) * 100 < $0.weight }.map(\.version)
    }

    /// Uniform in [0, 1): SplitMix64's finaliser over FNV-1a 64 of the three texts. Part of the format: changing it moves every unit.
    static func draw(salt: String, unit: String, version: String) -> Double {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ text: String) {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            hash = (hash ^ 0xFF) &* 0x100_0000_01B3  // 0xFF occurs in no UTF-8: texts cannot run into one another
        }
        add(salt)
        add(version)
        add(unit)
        return Double(SplitMix64.mix(hash) >> 11) * 0x1p-53
    }
}

extension TrafficPlan {
    /// The form that events and the endpoint's page carry.
    package var json: JSONValue {
        func list(_ arms: [Arm]) -> JSONValue { .array(arms.map { ["version": .string($0.version), "weight": .double($0.weight)] }) }
        let first: JSONValue = champion.map { ["version": .string($0), "weight": .double(championWeight)] } ?? .null
        return ["champion": first, "challengers": list(challengers), "shadows": list(shadows), "salt": .string(salt)]
    }

    /// Reads `json` back. - Throws: `invalid_argument` when it is not such an object.
    package init(json: JSONValue) throws {
        func list(_ name: String) throws -> [Arm] {
            try (json[name]?.arrayValue ?? []).map { item in
                guard let version = item["version"]?.stringValue, let weight = item["weight"]?.doubleValue else {
                    throw JidokaError.invalidArgument("an entry of `\(name)` needs `version` and `weight`")
                }
                return Arm(version: version, weight: weight)
            }
        }
        self.init(
            champion: json["champion"]?["version"]?.stringValue, challengers: try list("challengers"), shadows: try list("shadows"),
            salt: json["salt"]?.stringValue ?? "")
    }
}
