package import JSON

/// Who judged.
package struct AssessmentSource: Sendable, Equatable {
    /// `HUMAN`, `LLM_JUDGE`, `CODE`, as the client says it.
    package var type: String
    package var id: String

    package init(type: String, id: String) {
        self.type = type
        self.id = id
    }
}

/// Why a judge gave no value.
package struct AssessmentError: Sendable, Equatable {
    package var code: String
    package var message: String?
    package var stackTrace: String?

    package init(code: String, message: String?, stackTrace: String?) {
        self.code = code
        self.message = message
        self.stackTrace = stackTrace
    }
}

/// A judgement of a trace or of one of its spans: how good it was (feedback), or what would have been right (expectation).
package struct Assessment: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        case feedback, expectation
        /// A reference to an issue; its name is the issue's id, its value the issue's name.
        case issue
    }

    /// `a-` and 32 hexadecimal digits.
    package var id: String
    package var traceID: String
    package var name: String
    package var kind: Kind
    package var value: JSONValue
    /// Feedback only.
    package var error: AssessmentError?
    package var source: AssessmentSource
    package var rationale: String?
    package var metadata: [String: String]
    package var spanID: String?
    /// Milliseconds since 1970.
    package var createdAt: Int64
    package var updatedAt: Int64
    /// The assessment that this one replaces; that one is no longer valid.
    package var overrides: String?
    package var isValid: Bool

    package init(
        id: String, traceID: String, name: String, kind: Kind, value: JSONValue, error: AssessmentError? = nil, source: AssessmentSource,
        rationale: String? = nil, metadata: [String: String] = [:], spanID: String? = nil, createdAt: Int64, updatedAt: Int64,
        overrides: String? = nil, isValid: Bool = true
    ) {
        self.id = id
        self.traceID = traceID
        self.name = name
        self.kind = kind
        self.value = value
        self.error = error
        self.source = source
        self.rationale = rationale
        self.metadata = metadata
        self.spanID = spanID
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.overrides = overrides
        self.isValid = isValid
    }

    /// A value that is a number, for `>` and its like; nil for everything else.
    package var number: Double? {
        switch value {
        case .int(let number): Double(number)
        case .double(let number): number.isFinite ? number : nil
        default: nil
        }
    }

    /// What averages take: numbers, and 1 and 0 for true, `yes`, false and `no`.
    package var figure: Double? {
        switch value {
        case .bool(let flag): flag ? 1 : 0
        case .string(let text):
            switch text.lowercased() {
            case "yes": 1
            case "no": 0
            default: nil
            }
        default: number
        }
    }

    /// Judges a whole session: it then counts for every trace of the session of its trace.
    package var isOfSession: Bool { metadata[TraceKey.session] != nil }
}

/// What an update changes; nil leaves a field as it is.
package struct AssessmentChange: Sendable {
    package var name: String?
    /// The kind must be the assessment's own.
    package var value: (kind: Assessment.Kind, value: JSONValue, error: AssessmentError?)?
    package var rationale: String?
    /// Added to what is there; the new value wins.
    package var metadata: [String: String]?
    package var isValid: Bool?

    package init(
        name: String? = nil, value: (kind: Assessment.Kind, value: JSONValue, error: AssessmentError?)? = nil, rationale: String? = nil,
        metadata: [String: String]? = nil, isValid: Bool? = nil
    ) {
        self.name = name
        self.value = value
        self.rationale = rationale
        self.metadata = metadata
        self.isValid = isValid
    }
}
