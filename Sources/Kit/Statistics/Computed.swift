/// A statistic, or the plain reason why these samples have none. Never NaN, never a crash: constant, empty and all-missing columns are
/// everyday data.
package enum Computed<Value: Sendable>: Sendable {
    case value(Value)
    case notComputable(NotComputable)

    package var value: Value? { if case .value(let value) = self { value } else { nil } }
    package var reason: NotComputable? { if case .notComputable(let reason) = self { reason } else { nil } }

    package func map<Other: Sendable>(_ transform: (Value) -> Other) -> Computed<Other> {
        switch self {
        case .value(let value): .value(transform(value))
        case .notComputable(let reason): .notComputable(reason)
        }
    }
}

extension Computed: Equatable where Value: Equatable {}

extension Computed where Value == Double {
    /// A number that is not NaN; `otherwise` is the reason when it is.
    static func number(_ value: Double, otherwise reason: NotComputable) -> Computed<Double> {
        value.isNaN ? .notComputable(reason) : .value(value)
    }
}

/// Why a statistic does not exist for the samples given.
package enum NotComputable: String, Sendable, Hashable, CaseIterable {
    case emptyReference = "the reference has no value"
    case emptyCurrent = "the window has no value"
    case allMissing = "every value of the window is missing"
    case tooFewRows = "there are too few rows"
    case referenceTooSmall = "the reference has too few rows for any window to be judged"
    case noVariation = "there is only one category or value"
    case missingValues = "this recipe has no answer when values are missing"
    case emptyCell = "an expected count is zero"
    case noPositives = "there is no positive label"
    case oneClass = "there is only one class among the labels"

    package var text: String { rawValue }
}
