import Clockwork
@testable import CommandLine
import Synchronization
import Testing

/// A steady clock that a test moves.
private final class HandClock: TimeSource {
    private let nanoseconds = Mutex<UInt64>(0)
    func now() -> Timestamp { .zero }
    func steadyNanoseconds() -> UInt64 { nanoseconds.withLock { $0 } }
    func sleep(for duration: Duration) async throws {}
    func move(milliseconds: UInt64) { nanoseconds.withLock { $0 += milliseconds * 1_000_000 } }
}

struct RenderingTests {
    @Test func `a table aligns its columns and leaves no trailing space`() {
        var table = Table([.init("feature"), .init("psi", .right)])
        table.add(["AGEP", "0.31"])
        table.add(["a\nb", "12.5"])
        #expect(
            table.render() == """
                feature   psi
                ───────  ────
                AGEP     0.31
                a b      12.5

                """)
    }

    @Test func `wide characters count double and colours nothing`() {
        #expect(displayWidth("自働化") == 6)
        #expect(displayWidth("a\u{1B}[31mb\u{1B}[0m") == 2)
        var table = Table("名", "x")
        table.add(["自働化", "1"])
        table.add(["ab", "2"])
        let lines = table.render().split(separator: "\n")
        #expect(lines.last == "ab      2")
    }

    @Test(arguments: [
        (Int64(0), "0 B"), (999, "999 B"), (1_000, "1.0 KB"), (1_540, "1.5 KB"), (9_960, "10 KB"), (23_400_000, "23 MB"),
        (999_600, "1.0 MB"),
        (-2_500, "-2.5 KB"), (.max, "9.2 EB"),
    ])
    func `bytes are read in powers of a thousand`(count: Int64, text: String) { #expect(HumanText.bytes(count) == text) }

    @Test(arguments: [
        (Duration.microseconds(850), "850 µs"), (.milliseconds(12), "12 ms"), (.milliseconds(3_240), "3.2 s"), (.seconds(245), "4 m 05 s"),
        (.seconds(7_800), "2 h 10 m"), (.seconds(280_800), "3 d 6 h"), (.milliseconds(59_970), "1 m 00 s"), (.milliseconds(-5), "-5 ms"),
    ])
    func `durations have two units at most`(duration: Duration, text: String) { #expect(HumanText.duration(duration) == text) }

    @Test func `numbers have separators and decimals`() {
        #expect(HumanText.count(208_892) == "208,892")
        #expect(HumanText.count(-1_000) == "-1,000")
        #expect(HumanText.count(12) == "12")
        #expect(HumanText.fixed(0.045, 2) == "0.05")
        #expect(HumanText.fixed(-0.001, 2) == "0.00")
        #expect(HumanText.fixed(12.5, 0) == "13")
        #expect(HumanText.fixed(.nan, 3) == "nan")
        #expect(HumanText.fixed(1_234.5678, 3) == "1234.568")
    }

    @Test func `a bar appears after a second on a terminal and redraws in place`() {
        let clock = HandClock()
        let console = MemoryConsole(isTerminal: true)
        let bar = ProgressBar("replay", total: 100, unit: "rows", console: console, time: clock)
        bar.advance(by: 10)
        #expect(console.error == "")
        clock.move(milliseconds: 1_000)
        bar.advance(by: 40)
        #expect(console.error == "\r\u{1B}[Kreplay  ████████████░░░░░░░░░░░░ 50 %  50 of 100 rows  1.0 s, 1.0 s left")
        bar.advance(by: 50)
        bar.finish()
        bar.finish()
        #expect(console.error.hasSuffix("100 %  100 of 100 rows  1.0 s\n"))
    }

    @Test func `without a terminal every tenth is one line`() {
        let clock = HandClock()
        let console = MemoryConsole()
        let bar = ProgressBar("replay", total: 100, console: console, time: clock)
        clock.move(milliseconds: 2_000)
        for _ in 0..<25 { bar.advance() }
        bar.finish()
        #expect(console.error == "replay: 10 % (10 of 100, 2.0 s)\nreplay: 20 % (20 of 100, 2.0 s)\n")
    }

    @Test func `colours are for terminals only`() {
        #expect(MemoryConsole().styled("x", .red) == "x")
        #expect(MemoryConsole(isTerminal: true).styled("x", .red) == "\u{1B}[31mx\u{1B}[0m")
    }
}
