import Clockwork
import JSON
import Telemetry
import Testing

struct LoggerTests {
    @Test func `lines below the level are neither written nor made`() {
        let sink = MemorySink()
        let log = Logger(level: .notice, sink: sink)
        log.info(
            {
                Issue.record("the message of a silent level is never computed")
                return ""
            }())
        log.notice("drained", [("open", 3)])
        #expect(sink.lines.map(\.message) == ["drained"])
        #expect(sink.lines.first?.level == .notice)
    }

    @Test func `fields of the copy come before fields of the line and leave the original alone`() {
        let sink = MemorySink()
        let log = Logger(sink: sink)
        log.with("request_id", "r1").with("run", "a").warning("slow", [("seconds", 2)])
        log.error("plain")
        #expect(sink.lines[0].fields.map(\.0) == ["request_id", "run", "seconds"])
        #expect(sink.lines[0].fields.last?.1 == .int(2))
        #expect(sink.lines[1].fields.isEmpty)
    }

    @Test func `levels are ordered as operators expect`() { #expect(LogLevel.allCases == LogLevel.allCases.sorted()) }
}

struct MetricsTests {
    @Test func `the same name and labels are one instrument`() {
        let registry = MetricsRegistry()
        registry.counter("jidoka_http_requests_total", help: "requests", labels: [("method", "GET")]).add(2)
        registry.counter("jidoka_http_requests_total", help: "requests", labels: [("method", "GET")]).add()
        registry.counter("jidoka_http_requests_total", help: "requests", labels: [("method", "PUT")]).add()
        #expect(
            registry.exposition() == """
                # HELP jidoka_http_requests_total requests
                # TYPE jidoka_http_requests_total counter
                jidoka_http_requests_total{method="GET"} 3
                jidoka_http_requests_total{method="PUT"} 1

                """)
    }

    @Test func `a histogram counts a value in every bucket at or above it`() {
        let registry = MetricsRegistry()
        let histogram = registry.histogram("jidoka_x_seconds", help: "x", bounds: [0.1, 1])
        for value in [0.05, 0.1, 0.5, 3] { histogram.observe(value) }
        #expect(histogram.snapshot.counts == [2, 1, 1])
        #expect(
            registry.exposition() == """
                # HELP jidoka_x_seconds x
                # TYPE jidoka_x_seconds histogram
                jidoka_x_seconds_bucket{le="0.1"} 2
                jidoka_x_seconds_bucket{le="1.0"} 3
                jidoka_x_seconds_bucket{le="+Inf"} 4
                jidoka_x_seconds_sum 3.65
                jidoka_x_seconds_count 4

                """)
    }

    @Test func `label values and help are escaped`() {
        let registry = MetricsRegistry()
        registry.gauge("jidoka_g", help: "two\nlines \\ here", labels: [("v", "a\"b\\c\r\nd")]).set(1.5)
        #expect(registry.exposition().contains("jidoka_g{v=\"a\\\"b\\\\c\r\\nd\"} 1.5\n"))
        #expect(registry.exposition().hasPrefix("# HELP jidoka_g two\\nlines \\\\ here\n"))
    }

    @Test func `special numbers have the exposition format's words`() {
        let registry = MetricsRegistry()
        registry.gauge("jidoka_a", help: "a").set(.nan)
        registry.gauge("jidoka_b", help: "b").set(.infinity)
        registry.gauge("jidoka_c", help: "c").set(-.infinity)
        let text = registry.exposition()
        #expect(text.contains("jidoka_a NaN\n"))
        #expect(text.contains("jidoka_b +Inf\n"))
        #expect(text.contains("jidoka_c -Inf\n"))
    }

    @Test func `label sets beyond the limit share one series`() {
        let registry = MetricsRegistry()
        for index in 0..<2_500 { registry.counter("jidoka_many_total", help: "many", labels: [("id", "\(index)")]).add() }
        let lines = registry.exposition().split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.count == 2_001)
        #expect(lines.contains("jidoka_many_total{id=\"overflow\"} 500"))
    }

    @Test func `many tasks add without losing any`() async {
        let registry = MetricsRegistry()
        let histogram = registry.histogram("jidoka_h", help: "h", bounds: [1])
        let counter = registry.counter("jidoka_c_total", help: "c")
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1_000 {
                        counter.add()
                        histogram.observe(0.5)
                    }
                }
            }
        }
        #expect(counter.value == 8_000)
        #expect(histogram.snapshot.counts == [8_000, 0])
        #expect(histogram.snapshot.sum == 4_000)
    }
}
