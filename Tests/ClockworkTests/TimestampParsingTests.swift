import Clockwork
import Testing

struct TimestampParsingTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-11-21T00:48:34.123456Z", 1_795_222_114_123_456), ("2026-03-01T12:00Z", 1_772_366_400_000_000),
        ("2026-03-01 13:30+01:30", 1_772_366_400_000_000), ("2026-03-01T07:00:00.0-05:00", 1_772_366_400_000_000),
        ("2026-03-01", 1_772_323_200_000_000), ("2024-02-29T00:00z", 1_709_164_800_000_000), ("1969-12-31T23:59:59.9999999Z", -1),
    ])
    func `a moment is read from its text`(text: String, microseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "now", "2026", "2026-13-01", "2026-02-29", "2026-03-01T12:00", "2026-03-01T24:00Z", "2026-03-01T12:60Z", "2026-03-01T12:00:60Z",
        "2026-03-01T12:00:00.Z", "2026-03-01T12:00Z ", "2026-03-01T12:00+1:00", "2026-3-1T12:00Z", "2026-03-01T12Z", "２026-03-01",
    ])
    func `what is no moment is refused`(text: String) { #expect(Timestamp(rfc3339: text) == nil) }

    @Test func `what is written reads back as it was`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let time = Timestamp(microseconds: Int64.random(in: -30_000_000_000_000_000...200_000_000_000_000_000, using: &random))
            #expect(Timestamp(rfc3339: time.rfc3339) == time)
        }
    }
}
