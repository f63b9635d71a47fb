/// One checkable statement on data, in the vocabulary that Great Expectations and Deequ share.
///
/// Row-level expectations (`not_null`, `unique`, `between`, `in_set`, `matches`) hold for a share of the rows, `mostly`; missing cells
/// count only
/// for `not_null`. The others look at one figure of the column or of the whole file. See docs/format/datasets.md.
package struct Expectation: Sendable, Hashable {
    package enum Rule: Sendable, Hashable {
        /// The named columns are there.
        case columnsExist([String])
        /// The column's type belongs to the family; `number` takes integers too.
        case columnType(ColumnKind)
        case notNull
        /// No value occurs twice; every row of a repeated value counts as unexpected.
        case unique
        /// Both ends belong; a cell that is no number is unexpected.
        case between(Interval)
        case inSet([SetMember])
        /// The regular expression (RE2 syntax) is found in the text of the cell; anchor with `^` and `$` to match all of it.
        case matches(String)
        case rowCount(Interval)
        case mean(Interval)
        case median(Interval)
        case deviation(Interval)
        case nullShareAtMost(Double)
        /// Distinct values that are not missing, counted exactly.
        case distinctCount(Interval)
    }

    /// `min...max`, either end open when nil.
    package struct Interval: Sendable, Hashable {
        package var min: Double?
        package var max: Double?
        package init(min: Double? = nil, max: Double? = nil) {
            self.min = min
            self.max = max
        }
        package func contains(_ value: Double) -> Bool { value >= (min ?? -.infinity) && value <= (max ?? .infinity) }

        package var text: String {
            switch (min, max) {
            case (let min?, let max?): "between \(plainNumber(min)) and \(plainNumber(max))"
            case (let min?, nil): "at least \(plainNumber(min))"
            case (nil, let max?): "at most \(plainNumber(max))"
            case (nil, nil): "any"
            }
        }
    }

    package enum SetMember: Sendable, Hashable {
        case number(Double)
        case text(String)
        case flag(Bool)

        package var text: String {
            switch self {
            case .number(let number): plainNumber(number)
            case .text(let text): text
            case .flag(let flag): flag ? "true" : "false"
            }
        }
    }

    package enum Severity: String, Sendable, Hashable, CaseIterable {
        /// A failure fails the suite.
        case error
        /// A failure is reported; the suite passes.
        case warning
    }

    package var rule: Rule
    /// Nil for the expectations on the whole file.
    package var column: String?
    /// The least share of rows for which a row-level expectation must hold, in 0...1.
    package var mostly: Double
    package var severity: Severity

    package init(_ rule: Rule, column: String? = nil, mostly: Double = 1, severity: Severity = .error) {
        self.rule = rule
        self.column = column
        self.mostly = mostly
        self.severity = severity
    }

    /// The name in suites and reports.
    package var name: String {
        switch rule {
        case .columnsExist: "columns_exist"
        case .columnType: "column_type"
        case .notNull: "not_null"
        case .unique: "unique"
        case .between: "between"
        case .inSet: "in_set"
        case .matches: "matches"
        case .rowCount: "row_count_between"
        case .mean: "mean_between"
        case .median: "median_between"
        case .deviation: "stdev_between"
        case .nullShareAtMost: "null_share_at_most"
        case .distinctCount: "distinct_count_between"
        }
    }

    /// Whether single rows meet or miss it.
    package var isRowLevel: Bool {
        switch rule {
        case .notNull, .unique, .between, .inSet, .matches: true
        default: false
        }
    }
}

/// The expectations of one dataset.
package struct ExpectationSuite: Sendable, Hashable {
    package var expectations: [Expectation]
    /// The most expectations a suite may hold.
    package static let countMax = 1_000

    package init(_ expectations: [Expectation]) { self.expectations = expectations }
}

/// Whole numbers without a decimal point, others in their shortest exact form.
package func plainNumber(_ value: Double) -> String {
    if let whole = Int64(exactly: value) { return String(whole) }
    return value.description
}
