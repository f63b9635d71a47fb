import Clockwork
import Testing

struct RandomnessTests {
    /// The first outputs for seed 0 and 1234567, as in the reference implementation by Vigna (splitmix64.c).
    @Test func `SplitMix64 gives the reference sequence`() {
        var zero = SplitMix64(seed: 0)
        #expect(zero.next() == 0xE220_A839_7B1D_CDAF)
        #expect(zero.next() == 0x6E78_9E6A_A1B9_65F4)
        var other = SplitMix64(seed: 1_234_567)
        #expect(other.next() == 6_457_827_717_110_365_317)
        #expect(other.next() == 3_203_168_211_198_807_973)
    }

    @Test func `uniform draws lie in their interval and below its count`() {
        let random = SystemRandom()
        for _ in 0..<1_000 {
            #expect((0..<1).contains(random.uniform()))
            #expect((0..<7).contains(random.below(7)))
        }
        #expect(random.below(0) == 0)
    }

    private struct Fixed: RandomSource {
        let value: UInt64
        func next() -> UInt64 { value }
    }
    private struct Frozen: TimeSource {
        let time: Timestamp
        func now() -> Timestamp { time }
        func steadyNanoseconds() -> UInt64 { 0 }
        func sleep(for duration: Duration) async throws {}
    }

    @Test func `an id begins with its time and the largest draw is below one`() {
        let ids = SystemIDs(time: Frozen(time: Timestamp(milliseconds: 0x0123_4567_89AB)), random: Fixed(value: .max))
        #expect(ids.next() == "0123456789ab" + String(repeating: "f", count: 20))
        #expect(Fixed(value: .max).uniform() < 1)
        #expect(hex16(0) == "0000000000000000")
    }

    @Test func `ids are 32 hexadecimal digits, differ, and sort by age`() {
        let ids = SystemIDs()
        let many = (0..<1_000).map { _ in ids.next() }
        #expect(Set(many).count == 1_000)
        #expect(many.allSatisfy { $0.count == 32 && $0.allSatisfy { $0.isHexDigit && !$0.isUppercase } })
        #expect(many.map { $0.prefix(12) } == many.map { $0.prefix(12) }.sorted())
    }
}
