/// Where random numbers come from: the system in the server, a seed in tests and simulations.
package protocol RandomSource: Sendable {
    func next() -> UInt64
}

extension RandomSource {
    /// Uniform in [0, 1) with 53 bits.
    package func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
    /// Uniform in 0..<count; the modulo bias is below count / 2^64.
    package func below(_ count: Int) -> Int { Int(next() % UInt64(max(1, count))) }
}

/// The random numbers of the system, fit for secrets.
package struct SystemRandom: RandomSource {
    package init() {}
    package func next() -> UInt64 { UInt64.random(in: .min ... .max) }
}

/// SplitMix64 (Steele, Lea, Flood 2014): a value type for pure code that needs reproducible draws.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64
    package init(seed: UInt64) { state = seed }
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return SplitMix64.mix(state)
    }
    /// The finaliser alone: a good 64-bit mixing function.
    package static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
