import JSON

/// Keys of span attributes that MLflow gives a meaning.
enum SpanKey {
    static let traceID = "mlflow.traceRequestId"
    static let type = "mlflow.spanType"
    static let inputs = "mlflow.spanInputs"
    static let outputs = "mlflow.spanOutputs"
    static let usage = "mlflow.chat.tokenUsage"
    static let cost = "mlflow.llm.cost"
    static let model = "mlflow.llm.model"
    static let provider = "mlflow.llm.provider"
    /// Followed by the key of a tag of the trace; on roots.
    static let tagPrefix = "mlflow.traceTag."
    static let sessions = ["session.id", "gen_ai.conversation.id"]
    static let user = "user.id"
}

/// A span's attributes while it is taken in: looked up by key, in the order in which they came; the last of a key counts.
struct SpanAttributes {
    private(set) var members: [(key: String, value: JSONValue)]
    private var places: [String: Int]

    init(_ object: JSONObject) {
        members = []
        members.reserveCapacity(object.count + 4)
        places = [:]
        places.reserveCapacity(object.count + 4)
        for (key, value) in object { self[key] = SpanAttributes.meant(value) }
    }

    /// A text that is the JSON of a text, a list or an object stands for that: MLflow's exporters write every value so. Other texts stay,
    /// `1` and `true` too.
    private static func meant(_ value: JSONValue) -> JSONValue {
        guard case .string(let text) = value, let first = text.utf8.first, [0x22, 0x5B, 0x7B].contains(first) else { return value }
        return (try? JSONValue.parse(text)) ?? value
    }

    subscript(key: String) -> JSONValue? {
        get { places[key].map { members[$0].value } }
        set {
            guard let newValue else { return }
            if let place = places[key] {
                members[place].value = newValue
            } else {
                places[key] = members.count
                members.append((key: key, value: newValue))
            }
        }
    }

    func text(_ key: String) -> String? { self[key]?.stringValue }

    /// The first of the keys whose value is not empty.
    func first(_ keys: [String]) -> JSONValue? {
        for key in keys {
            switch self[key] {
            case nil, .null?, .string("")?: continue
            case .array(let items)? where items.isEmpty: continue
            case .object(let object)? where object.isEmpty: continue
            case let value?: return value
            }
        }
        return nil
    }

    /// Senders also write numbers as texts.
    func integer(_ keys: [String]) -> Int64? {
        for key in keys {
            if let value = self[key], let number = value.intValue ?? value.stringValue.flatMap({ Int64($0) }) { return number }
        }
        return nil
    }

    /// The numbers in an object, which may be written as JSON text.
    func figures(_ key: String) -> [String: Double] {
        guard let value = self[key] else { return [:] }
        let object = value.objectValue ?? value.stringValue.flatMap { AttributeText.load($0).objectValue } ?? [:]
        var figures: [String: Double] = [:]
        for (name, item) in object { if let number = item.doubleValue, number.isFinite { figures[name] = number } }
        return figures
    }

    /// A cheap look, so that spans of MLflow's own clients are not searched for other names.
    var mayFollowConventions: Bool {
        members.contains { member in
            let key = member.key
            return key.hasPrefix("gen_ai.") || key.hasPrefix("llm.") || key.hasPrefix("openinference.") || key.hasPrefix("input.")
                || key.hasPrefix("output.") || key.hasPrefix("embedding.")
        }
    }
}
