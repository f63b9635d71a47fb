import JSON

/// The names under which instrumentations other than MLflow's tell what a model was asked, answered and used.
///
/// OpenTelemetry's generative-AI conventions (opentelemetry.io/docs/specs/semconv/gen-ai) and OpenInference
/// (github.com/Arize-ai/openinference). What they say is added under MLflow's own keys, so that previews, token counts and searches work
/// for every sender; what the sender said under those keys itself stays.
struct SemanticConventions: Sendable {
    let kindKey: String
    let kinds: [String: String]
    let inputTokens: String
    let outputTokens: String
    var totalTokens: String?
    let cacheRead: [String]
    let cacheWrite: [String]
    let inputs: [String]
    let outputs: [String]
    let models: [String]
    let provider: String

    static let generativeAI = SemanticConventions(
        kindKey: "gen_ai.operation.name",
        kinds: [
            "chat": "CHAT_MODEL", "create_agent": "AGENT", "embeddings": "EMBEDDING", "execute_tool": "TOOL", "generate_content": "LLM",
            "invoke_agent": "AGENT", "text_completion": "LLM", "response": "LLM",
        ],
        inputTokens: "gen_ai.usage.input_tokens", outputTokens: "gen_ai.usage.output_tokens",
        cacheRead: ["gen_ai.usage.cache_read.input_tokens"],
        cacheWrite: ["gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens"],
        inputs: ["gen_ai.input.messages", "gen_ai.tool.call.arguments"], outputs: ["gen_ai.output.messages", "gen_ai.tool.call.result"],
        models: ["gen_ai.response.model", "gen_ai.request.model"], provider: "gen_ai.provider.name")

    static let openInference = SemanticConventions(
        kindKey: "openinference.span.kind",
        kinds: Dictionary(
            uniqueKeysWithValues: [
                "TOOL", "CHAIN", "LLM", "RETRIEVER", "EMBEDDING", "AGENT", "RERANKER", "UNKNOWN", "GUARDRAIL", "EVALUATOR",
            ].map { ($0, $0) }),
        inputTokens: "llm.token_count.prompt", outputTokens: "llm.token_count.completion", totalTokens: "llm.token_count.total",
        cacheRead: ["llm.token_count.prompt_details.cache_read"], cacheWrite: ["llm.token_count.prompt_details.cache_write"],
        inputs: ["input.value"], outputs: ["output.value"],
        models: ["llm.response.model_name", "llm.model_name", "llm.request.model_name", "embedding.model_name"], provider: "llm.provider")

    private static let all = [generativeAI, openInference]

    /// What a span's attributes mean under MLflow's keys, in the order in which they are added.
    static func meaning(of attributes: SpanAttributes) -> [(key: String, value: JSONValue)] {
        guard attributes.mayFollowConventions else { return [] }
        var found: [(key: String, value: JSONValue)] = []
        func add(_ key: String, _ value: JSONValue?) {
            if let value, attributes[key] == nil { found.append((key: key, value: value)) }
        }
        let kind = all.lazy.compactMap { one in attributes[one.kindKey]?.stringValue.flatMap { one.kinds[$0] } }.first
        if let kind, attributes.text(SpanKey.type) ?? "UNKNOWN" == "UNKNOWN" {
            found.append((key: SpanKey.type, value: .string(kind)))
        }
        add(SpanKey.inputs, all.lazy.compactMap { attributes.first($0.inputs) }.first)
        add(SpanKey.outputs, all.lazy.compactMap { attributes.first($0.outputs) }.first)
        add(SpanKey.usage, all.lazy.compactMap { $0.usage(attributes) }.first)
        add(SpanKey.model, all.lazy.compactMap { attributes.first($0.models) }.first)
        add(SpanKey.provider, all.lazy.compactMap { attributes.first([$0.provider]) }.first)
        return found
    }

    private func usage(_ attributes: SpanAttributes) -> JSONValue? {
        let (input, output) = (attributes.integer([inputTokens]), attributes.integer([outputTokens]))
        var total = totalTokens.flatMap { attributes.integer([$0]) }
        if total == nil, let input, let output { total = input &+ output }
        guard input != nil || output != nil || total != nil else { return nil }
        var usage = JSONObject()
        usage["input_tokens"] = input.map(JSONValue.int)
        usage["output_tokens"] = output.map(JSONValue.int)
        usage["total_tokens"] = total.map(JSONValue.int)
        usage["cache_read_input_tokens"] = attributes.integer(cacheRead).map(JSONValue.int)
        usage["cache_creation_input_tokens"] = attributes.integer(cacheWrite).map(JSONValue.int)
        return .object(usage)
    }
}
