package import Clockwork
import Errors
package import JSON

/// How one expectation came out.
package struct ExpectationResult: Sendable, Hashable {
    /// One row that missed the expectation.
    package struct SampleRow: Sendable, Hashable {
        /// Counted from 0 in the order of the file.
        package var row: Int64
        /// The column in question first, then others from the left; at most 12.
        package var cells: JSONObject
        package init(row: Int64, cells: JSONObject) {
            self.row = row
            self.cells = cells
        }
    }

    package var name: String
    package var column: String?
    package var severity: Expectation.Severity
    package var success: Bool
    /// Rows that miss a row-level expectation; nil for the others.
    package var unexpectedCount: Int64?
    /// Their share of the rows that were looked at.
    package var unexpectedShare: Double?
    /// The figure that was judged: a mean, a count, a type, the missing columns.
    package var observed: JSONValue
    package var sample: [SampleRow]
    /// One sentence for people.
    package var message: String

    package static let sampleRowsMax = 10
    package static let sampleCellsMax = 12

    package init(
        _ expectation: Expectation, success: Bool, unexpectedCount: Int64? = nil, unexpectedShare: Double? = nil,
        observed: JSONValue = .null,
        sample: [SampleRow] = [], message: String
    ) {
        name = expectation.name
        column = expectation.column
        severity = expectation.severity
        self.success = success
        self.unexpectedCount = unexpectedCount
        self.unexpectedShare = unexpectedShare
        self.observed = observed
        self.sample = sample
        self.message = message
    }

    package var json: JSONObject {
        [
            "name": .string(name), "column": JSONValue(column), "severity": .string(severity.rawValue), "success": .bool(success),
            "unexpected_count": JSONValue(unexpectedCount), "unexpected_share": JSONValue(unexpectedShare), "observed": observed,
            "sample": .array(sample.map { ["row": .int($0.row), "cells": .object($0.cells)] }), "message": .string(message),
        ]
    }

    init(json: JSONValue) throws {
        guard let name = json["name"]?.stringValue, let success = json["success"]?.boolValue, let message = json["message"]?.stringValue,
            let severity = json["severity"]?.stringValue.flatMap(Expectation.Severity.init(rawValue:))
        else { throw JidokaError.internal("a stored validation result lacks a member") }
        self.name = name
        column = json["column"]?.stringValue
        self.severity = severity
        self.success = success
        unexpectedCount = json["unexpected_count"]?.intValue
        unexpectedShare = json["unexpected_share"]?.doubleValue
        observed = json["observed"] ?? .null
        sample = (json["sample"]?.arrayValue ?? []).compactMap { item in
            guard let row = item["row"]?.intValue, let cells = item["cells"]?.objectValue else { return nil }
            return SampleRow(row: row, cells: cells)
        }
        self.message = message
    }
}

/// The outcome of a suite on one content.
package struct ValidationResult: Sendable, Hashable {
    package var id: String
    package var dataset: String
    /// The digest of what was checked.
    package var digest: String
    /// Whether the content is a kept version, or a candidate that was only checked.
    package var isVersion: Bool
    package var rows: Int64
    package var expectations: [ExpectationResult]
    package var checkedAt: Timestamp

    package init(
        id: String, dataset: String, digest: String, isVersion: Bool, rows: Int64, expectations: [ExpectationResult], checkedAt: Timestamp
    ) {
        self.id = id
        self.dataset = dataset
        self.digest = digest
        self.isVersion = isVersion
        self.rows = rows
        self.expectations = expectations
        self.checkedAt = checkedAt
    }

    /// No expectation of severity `error` failed.
    package var success: Bool { !expectations.contains { !$0.success && $0.severity == .error } }
    package var failed: [ExpectationResult] { expectations.filter { !$0.success } }

    package var json: JSONObject {
        [
            "id": .string(id), "success": .bool(success), "dataset": .string(dataset),
            "version": isVersion ? .string(String(digest.prefix(DatasetVersion.shortDigits))) : .null, "digest": .string(digest),
            "rows": .int(rows),
            "expectations": .array(expectations.map { .object($0.json) }), "checked_at": .string(checkedAt.rfc3339),
        ]
    }

    /// Reads back the members of `expectations` that `json` wrote.
    package static func expectations(json: JSONValue) throws -> [ExpectationResult] {
        guard let items = json.arrayValue else { throw JidokaError.internal("a stored validation result is no list") }
        return try items.map { try ExpectationResult(json: $0) }
    }
}
