/// What a column stores; `ints` and `texts` only bind.
package enum SQLValue: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByNilLiteral
{
    case null
    case int(Int64)
    case double(Double)
    case text(String)
    case blob([UInt8])
    /// For `column IN integers(?)`: any number of numbers as one binding, so that the statement's text stays the same.
    case ints([Int64])
    /// The same for `column IN texts(?)`; SQLite's lists hold no NUL, so a text with one is not found there.
    case texts([String])

    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .int(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(nilLiteral: ()) { self = .null }

    package init(_ value: String?) { self = value.map(SQLValue.text) ?? .null }
    package init(_ value: Int64?) { self = value.map(SQLValue.int) ?? .null }
    package init(_ value: Int?) { self = value.map { .int(Int64($0)) } ?? .null }
    package init(_ value: Double?) { self = value.map(SQLValue.double) ?? .null }
    package init(_ value: Bool?) { self = value.map { .int($0 ? 1 : 0) } ?? .null }
}
