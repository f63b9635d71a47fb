import Clockwork
import Testing
import Tracking

@testable import Interchange

struct MetricLinesTests {
    @Test func `a torn last line does not count and comes with the next reading`() {
        #expect(MetricLines(bytes: Array("1 0.5 0\n2 0.2".utf8)).rows.map(\.timestamp) == [1])
        #expect(MetricLines(bytes: Array("1 0.5 0\n2 0.25 1\n".utf8)).rows.map(\.value) == [0.5, 0.25])
    }

    @Test func `old lines have no step, new ones may name a dataset, and Python's words for numbers are known`() {
        let lines = MetricLines(bytes: Array("7 nan\n8 inf 2\n9 1e-05 3 my data abc\nnonsense\n".utf8))
        let points = lines.points(key: "k")
        #expect(points.map(\.step) == [0, 2, 3])
        #expect(points[0].value.isNaN)
        #expect(points[1].value == .infinity)
        #expect(points[2].datasetName == "my data")
        #expect(points[2].datasetDigest == "abc")
        #expect(lines.damaged == 1)
    }

    @Test func `bytes of any kind are read without a crash, and give no more points than lines`() {
        var random = SplitMix64(seed: 11)
        let alphabet = Array("0123456789 .-e\nnaif\u{FF}".utf8)
        for _ in 0..<3_000 {
            let bytes = (0..<Int(random.next() % 60)).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] }
            let lines = MetricLines(bytes: bytes)
            #expect(lines.rows.count + lines.damaged <= bytes.count { $0 == 10 })
        }
    }
}
