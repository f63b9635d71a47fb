package import JSON

/// Questions with what is known about right answers, to judge an application by. Records are apart: there may be many.
package struct EvaluationDataset: Sendable, Equatable {
    /// `d-` and 32 hexadecimal digits.
    package var id: String
    package var name: String
    /// Eight hexadecimal digits that change with the records.
    package var digest: String
    /// JSON: the fields of inputs, outputs and expectations with their types; nil before the first record.
    package var schema: String?
    /// JSON: `{"num_records": …}`; nil without records.
    package var profile: String?
    package var tags: [String: String]
    package var experimentIDs: [String]
    /// Milliseconds since 1970.
    package var createdAt: Int64
    package var updatedAt: Int64
    package var createdBy: String?
    package var updatedBy: String?

    package init(
        id: String, name: String, digest: String = "", schema: String? = nil, profile: String? = nil, tags: [String: String] = [:],
        experimentIDs: [String] = [], createdAt: Int64, updatedAt: Int64, createdBy: String? = nil, updatedBy: String? = nil
    ) {
        self.id = id
        self.name = name
        self.digest = digest
        self.schema = schema
        self.profile = profile
        self.tags = tags
        self.experimentIDs = experimentIDs
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.createdBy = createdBy
        self.updatedBy = updatedBy
    }
}

/// One question. Within a dataset its inputs are unique.
package struct EvaluationRecord: Sendable, Equatable {
    /// `dr-` and 32 hexadecimal digits.
    package var id: String
    package var datasetID: String
    package var inputs: JSONObject
    package var outputs: JSONValue?
    package var expectations: JSONObject?
    package var tags: JSONObject?
    /// `{"source_type", "source_data"}`
    package var source: JSONObject?
    /// Milliseconds since 1970.
    package var createdAt: Int64
    package var updatedAt: Int64
    package var createdBy: String?
    package var updatedBy: String?

    package init(
        id: String, datasetID: String, inputs: JSONObject, outputs: JSONValue? = nil, expectations: JSONObject? = nil,
        tags: JSONObject? = nil, source: JSONObject? = nil, createdAt: Int64, updatedAt: Int64, createdBy: String? = nil,
        updatedBy: String? = nil
    ) {
        self.id = id
        self.datasetID = datasetID
        self.inputs = inputs
        self.outputs = outputs
        self.expectations = expectations
        self.tags = tags
        self.source = source
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.createdBy = createdBy
        self.updatedBy = updatedBy
    }

    /// Takes what another record with the same inputs brings: outputs are replaced when it has any (also by null), expectations and tags
    /// are added to; the source stays.
    package mutating func merge(_ new: EvaluationRecord, hasOutputs: Bool) {
        if hasOutputs { outputs = new.outputs }
        if let more = new.expectations, !more.isEmpty { expectations = EvaluationRecord.merged(expectations, more) }
        if let more = new.tags, !more.isEmpty { tags = EvaluationRecord.merged(tags, more) }
        updatedAt = new.updatedAt
        if let by = new.createdBy { updatedBy = by }
    }

    private static func merged(_ old: JSONObject?, _ new: JSONObject) -> JSONObject {
        var all = old ?? [:]
        for (key, value) in new { all[key] = value }
        return all
    }
}

/// A record to be kept: `record.id` is used when its inputs are new.
package struct EvaluationRecordDraft: Sendable {
    package var record: EvaluationRecord
    package var hasOutputs: Bool

    package init(record: EvaluationRecord, hasOutputs: Bool) {
        self.record = record
        self.hasOutputs = hasOutputs
    }
}

/// The types of the fields of records, in MLflow's form.
package enum EvaluationSchema {
    /// `old` with the fields that the records bring; what is known keeps its type.
    package static func adding(_ records: [EvaluationRecord], to old: JSONObject?) -> JSONObject {
        var schema = old ?? ["inputs": [:], "outputs": [:], "expectations": [:], "version": "1.0"]
        for record in records {
            add(record.inputs, "inputs", &schema)
            if case .object(let outputs)? = record.outputs {
                add(outputs, "outputs", &schema)
            } else if let outputs = record.outputs, schema["outputs"]?.objectValue?.isEmpty ?? true {
                schema["outputs"] = .string(type(outputs))
            }
            if let expectations = record.expectations { add(expectations, "expectations", &schema) }
        }
        return schema
    }

    private static func add(_ fields: JSONObject, _ part: String, _ schema: inout JSONObject) {
        guard var known = schema[part]?.objectValue else { return }
        for (key, value) in fields where known[key] == nil { known[key] = .string(type(value)) }
        schema[part] = .object(known)
    }

    private static func type(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .int: "integer"
        case .double: "float"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
