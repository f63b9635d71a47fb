import JSON
import YAML

extension MLmodelFile {
    /// What tells one logging of a model from the next, and nothing of the model itself: who logged it, when, where it went, how large it
    /// is. Every other key counts, so that a key of a later MLflow makes two versions differ rather than be taken for one.
    static let volatileKeys: Set<String> = [
        "artifact_path", "run_id", "utc_time_created", "model_uuid", "model_id", "model_size_bytes", "prompts",
    ]

    /// The lasting keys of an `MLmodel` file as JSON: scalars by what they mean, so that layout and comments do not count.
    static func config(_ root: YAMLNode) -> JSONValue {
        .object(JSONObject((root.entries ?? []).filter { !volatileKeys.contains($0.key) }.map { (key: $0.key, value: json($0.value)) }))
    }

    private static func json(_ node: YAMLNode) -> JSONValue {
        switch node.content {
        case .mapping(let entries): .object(JSONObject(entries.map { (key: $0.key, value: json($0.value)) }))
        case .sequence(let items): .array(items.map(json))
        case .scalar(let scalar):
            switch scalar.value {
            case .null: .null
            case .bool(let flag): .bool(flag)
            case .int(let number): .int(number)
            case .double(let number): .double(number)
            case .string(let text): .string(text)
            }
        }
    }
}
