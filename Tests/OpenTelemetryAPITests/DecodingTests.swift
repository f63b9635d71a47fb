import Clockwork
import Errors
import Foundation
import JSON
import OpenTelemetryAPI
import Protobuf
import Testing
import Tracing

@Suite struct DecodingTests {
    /// One span as an exporter writes it.
    static func request() -> [UInt8] {
        var writer = WireWriter()
        writer.message(1) { resourceSpans in
            resourceSpans.message(1) { resource in resource.message(1) { attribute(&$0, "service.name", "s") } }
            resourceSpans.message(2) { scope in
                scope.message(2) { span in
                    span.blob(1, Array(UInt8(1)...16))
                    span.blob(2, Array(UInt8(1)...8))
                    span.string(5, "f")
                    span.fixed64(7, 1_000)
                    span.fixed64(8, 2_000)
                    span.message(9) { attribute(&$0, "k", "v") }
                    span.message(9) { pair in
                        pair.string(1, "list")
                        pair.message(2) { any in
                            any.message(5) { list in
                                list.message(1) { $0.int(3, -1) }
                                list.message(1) { $0.double(4, 0.5) }
                                list.message(1) { _ in }
                            }
                        }
                    }
                    span.message(11) { event in
                        event.fixed64(1, 1_500)
                        event.string(2, "e")
                    }
                    span.message(15) { status in
                        status.string(2, "boom")
                        status.varint(3, 2)
                    }
                }
            }
        }
        return writer.bytes
    }

    private static func attribute(_ pair: inout WireWriter, _ key: String, _ value: String) {
        pair.string(1, key)
        pair.message(2) { $0.string(1, value) }
    }

    static let span = SpanDraft(
        traceID: "0102030405060708090a0b0c0d0e0f10", spanID: "0102030405060708", name: "f", start: 1_000, end: 2_000, status: .error,
        statusMessage: "boom", attributes: ["k": "v", "list": [-1, 0.5, nil]], events: [.init(name: "e", time: 1_500, attributes: [:])])

    @Test func `protobuf and JSON say the same`() throws {
        let wanted = [SpanBatch(resource: ["service.name": "s"], spans: [DecodingTests.span])]
        #expect(try OTLPProtobuf.batches(DecodingTests.request()) == wanted)
        let json = """
            {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "s"}}]},
            "scopeSpans": [{"spans": [{
            "traceId": "0102030405060708090A0B0C0D0E0F10", "spanId": "0102030405060708", "parentSpanId": "", "name": "f",
            "startTimeUnixNano": "1000", "endTimeUnixNano": 2000, "status": {"code": 2, "message": "boom"},
            "attributes": [{"key": "k", "value": {"stringValue": "v"}},
              {"key": "list", "value": {"arrayValue": {"values": [{"intValue": "-1"}, {"doubleValue": 0.5}, {}]}}}],
            "events": [{"name": "e", "timeUnixNano": "1500"}]}]}]}]}
            """
        #expect(try OTLPJSON.batches(Array(json.utf8)) == wanted)
    }

    @Test(arguments: ["[]", "{\"resourceSpans\": 1}", "{\"resourceSpans\": [{\"scopeSpans\": [{\"spans\": [{}]}]}]}", "{"])
    func `broken JSON is refused`(text: String) {
        #expect(throws: JidokaError.self) { try OTLPJSON.batches(Array(text.utf8)) }
    }

    /// Kept inputs that once went wrong or stand for a kind of attack: each is read or refused, and quickly.
    @Test func `the corpus is read or refused`() throws {
        var deep: [UInt8] = []
        for _ in 0..<200 {
            var writer = WireWriter()
            writer.message(5) { $0.blob(1, deep) }
            deep = writer.bytes
        }
        var nested = WireWriter()
        nested.message(1) { $0.message(1) { $0.message(1) { $0.blob(2, deep) } } }
        #expect(throws: JidokaError.self) { try OTLPProtobuf.batches(nested.bytes) }
        for bytes: [UInt8] in [
            [], [0x0A], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0x0A, 0x02, 0x12, 0x01], Array(repeating: 0x0A, count: 64),
        ] {
            do { _ = try OTLPProtobuf.batches(bytes) } catch let error as JidokaError { #expect(error.code == .invalidArgument) }
        }
    }

    /// Seeded: valid requests with bytes changed, cut and doubled, in both encodings.
    @Test(arguments: UInt64(1)...4) func `any bytes are read or refused`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let protobuf = DecodingTests.request()
        let attributes = #"[{"key":"k","value":{"intValue":"1"}}]"#
        let span = #"{"traceId":"01","spanId":"02","attributes":\#(attributes)}"#
        let json = Array(#"{"resourceSpans":[{"scopeSpans":[{"spans":[\#(span)]}]}]}"#.utf8)
        var read = 0
        for round in 0..<10_000 {
            var bytes = round % 2 == 0 ? protobuf : json
            for _ in 0...random.next() % 3 {
                let at = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 3 {
                case 0: bytes[at] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes = Array(bytes.prefix(max(1, at)))
                default: bytes.insert(contentsOf: bytes[at...].prefix(8), at: at)
                }
            }
            do {
                _ = try round % 2 == 0 ? OTLPProtobuf.batches(bytes) : OTLPJSON.batches(bytes)
                read += 1
            } catch let error as JidokaError {
                #expect(error.code == .invalidArgument)
            }
        }
        #expect(read > 100)
    }
}
