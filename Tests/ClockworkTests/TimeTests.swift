import Clockwork
import Errors
import Testing

struct TimestampTests {
    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00.000000Z"), (1_795_222_114_123_456, "2026-11-21T00:48:34.123456Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
        (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"), (4_107_542_399_000_000, "2100-02-28T23:59:59.000000Z"),
        (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
    ])
    func `a moment has one text form`(microseconds: Int64, text: String) { #expect(Timestamp(microseconds: microseconds).rfc3339 == text) }

    @Test func `moments and durations add and subtract`() {
        let start = Timestamp(milliseconds: 1_000)
        #expect((start + .seconds(2)).milliseconds == 3_000)
        #expect(start + .seconds(2) - start == .seconds(2))
        #expect(start < start + .microseconds(1))
        #expect(Duration.milliseconds(1_500).seconds == 1.5)
    }

    @Test func `the machine's clock goes on and sleeping takes its time`() async throws {
        let time = SystemTime()
        #expect(time.now().rfc3339 > "2026")
        let start = time.steadyNanoseconds()
        try await time.sleep(for: .milliseconds(5))
        #expect(time.steadyNanoseconds() - start >= 5_000_000)
    }

    @Test func `a cancelled sleep ends at once with the cancellation`() async {
        let task = Task { try await SystemTime().sleep(for: .seconds(3_600)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}

struct DurationTextTests {
    @Test(arguments: [
        ("10s", Duration.seconds(10)), ("5m", .seconds(300)), ("6h", .seconds(21_600)), ("2d", .seconds(172_800)),
        ("250ms", .milliseconds(250)),
        ("100us", .microseconds(100)), ("1h30m", .seconds(5_400)), ("1.5h", .seconds(5_400)), ("0", .zero), ("0s", .zero),
        ("0.25ms", .microseconds(250)),
    ])
    func `a duration is read from number and unit`(text: String, duration: Duration) throws {
        #expect(try Duration.parse(text) == duration)
    }

    @Test(arguments: ["", "10", "s", "-5s", "5 s", "5x", "1h30", "5S", "1e3s", "..5s", "٣s", "99999999999d", "1.5.2s", "infs"])
    func `anything else is refused with a hint`(text: String) {
        let error = #expect(throws: JidokaError.self) { try Duration.parse(text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.hint != nil)
    }

    @Test(arguments: [Int64(0), 1, 999, 1_000, 61_000_000, 5_400_000_000, 93_784_005_006, 31_536_000_000_000])
    func `the text of a duration reads back as the same duration`(microseconds: Int64) throws {
        let duration = Duration.microseconds(microseconds)
        #expect(try Duration.parse(duration.text) == duration)
    }

    @Test func `the text uses the largest units first`() {
        #expect(Duration.seconds(5_400).text == "1h30m")
        #expect(Duration.microseconds(90_061_001_001).text == "1d1h1m1s1ms1us")
    }
}
