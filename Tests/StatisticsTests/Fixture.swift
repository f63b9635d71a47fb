import Foundation
import JSON
import Testing

@testable import Statistics

/// The reference values in `Fixtures/`.
enum Fixture {
    static let driftCases = Result { try load("drift_cases") }
    static let knownAnswers = Result { try load("known_answers") }

    static func load(_ name: String) throws -> JSONValue {
        let url = try #require(Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures"))
        return try JSONValue.parse(Data(contentsOf: url))
    }

    /// The rows of one table of `known_answers.json`.
    static func table(_ name: String) throws -> [[Double]] {
        let rows = try #require(try knownAnswers.get()[name]?.arrayValue)
        let table = try rows.map { try #require($0.arrayValue).map { try #require($0.doubleValue) } }
        #expect(!table.isEmpty)
        return table
    }

    static func numbers(_ value: JSONValue?) throws -> [Double] {
        try #require(value?.arrayValue).map { try #require($0.doubleValue) }
    }
}

/// Relative agreement, or absolute below `zero`.
func agrees(_ ours: Double, _ theirs: Double, relative: Double = 1e-12, zero: Double = 0) -> Bool {
    if ours == theirs { return true }
    return abs(ours - theirs) <= max(relative * abs(theirs), zero)
}
