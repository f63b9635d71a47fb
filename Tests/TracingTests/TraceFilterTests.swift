import Errors
import Testing
import Tracing

@Suite struct TraceFilterTests {
    @Test(arguments: ["span.name RLIKE '^agent.*'", "tag.team RLIKE 'red|blue'", "span.attributes.model RLIKE '(?i)gpt'"])
    func `a pattern that can be read is taken`(text: String) throws { _ = try TraceFilter.parse(text) }

    @Test(arguments: ["span.name RLIKE '(open'", "tag.team RLIKE '[a-'", "span.name RLIKE '*'", "span.name RLIKE '(a)\\1'"])
    func `a pattern that cannot be read is refused, not matched with nothing`(text: String) {
        let error = #expect(throws: JidokaError.self) { try TraceFilter.parse(text) }
        #expect(error?.code == .invalidArgument)
    }
}
