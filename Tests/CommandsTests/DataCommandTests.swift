import CommandLine
import JSON
import Testing

@testable import Commands

struct DataCommandTests {
    static let version: JSONValue = [
        "dataset": "census", "version": "1a2b3c4d5e6f", "digest": "1a2b3c4d5e6f7788", "rows": 54_812, "bytes": 1_200_000,
        "format": "parquet",
        "schema": [["name": "AGEP", "type": "BIGINT"], ["name": "SEX", "type": "BIGINT"]], "source": "upload census.parquet", "parents": [],
        "created_at": "2026-11-21T00:48:34.123456Z", "actor": "user:ada",
        "profile": [
            "rows": 54_812,
            "columns": [
                ["name": "AGEP", "type": "BIGINT", "count": 54_812, "missing": 0, "distinct": 95, "min": "0", "max": "95", "mean": 41.25]
            ],
        ], "added": true,
    ]
    static let result: JSONValue = [
        "id": "v", "success": false, "dataset": "census", "version": nil, "digest": "ffeeddccbbaa99", "rows": 2_000,
        "expectations": [
            [
                "name": "between", "column": "AGEP", "severity": "error", "success": false, "unexpected_count": 13,
                "unexpected_share": 0.0065,
                "observed": nil, "sample": [["row": 17, "cells": ["AGEP": 412, "SCHL": nil]]], "message": "13 of 2000 cells do not",
            ],
            [
                "name": "columns_exist", "column": nil, "severity": "error", "success": false, "unexpected_count": nil,
                "unexpected_share": nil, "observed": ["DREM"], "sample": [], "message": "missing: `DREM`",
            ],
            [
                "name": "not_null", "column": "SEX", "severity": "error", "success": true, "unexpected_count": 0, "unexpected_share": 0.0,
                "observed": nil, "sample": [], "message": "all 2000 cells hold a value",
            ],
        ], "checked_at": "2026-11-21T00:48:34.123456Z",
    ]

    @Test func `a file is sent as a version`() async throws {
        let folder = try TemporaryFolder()
        try folder.write("census.csv", "AGEP,SEX\n1,2\n")
        let outcome = try await jidoka(
            ["data", "add", "census", "census.csv", "--reason", "a try"],
            answers: ["POST /datasets/census/versions": [.json(DataCommandTests.version, status: 201)]], folder: folder.path)
        #expect(outcome.status == .ok, "\(outcome.error)")
        #expect(outcome.output == "census 1a2b3c4d5e6f added: 54,812 rows, 2 columns, 1.2 MB of parquet\n")
        let request = try #require(outcome.requests.first)
        #expect(request.body == Array("AGEP,SEX\n1,2\n".utf8))
        #expect(request.query == ["filename": "census.csv", "reason": "a try", "actor": "user:ada"])
    }

    @Test func `with JSON the server's document is printed and nothing else`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("census.csv", "a\n1\n")
        let outcome = try await jidoka(
            ["data", "add", "census", file, "--json", "--actor", "ci"],
            answers: ["POST /datasets/census/versions": [.json(DataCommandTests.version)]])
        #expect(try outcome.json() == DataCommandTests.version)
        #expect(outcome.error.isEmpty)
        #expect(outcome.requests.first?.query["actor"] == "ci")
    }

    @Test func `the line file names the file of a dataset`() async throws {
        let folder = try TemporaryFolder()
        try folder.write("jidoka.yaml", "line: l\ndata:\n  census: {path: rows.csv}\n")
        try folder.write("rows.csv", "a\n7\n")
        let outcome = try await jidoka(
            ["data", "add", "census"], answers: ["POST /datasets/census/versions": [.json(DataCommandTests.version)]], folder: folder.path)
        #expect(outcome.status == .ok, "\(outcome.error)")
        #expect(outcome.requests.first?.body == Array("a\n7\n".utf8))
        let other = await jidoka(["data", "add", "cenus"], folder: folder.path)
        #expect(other.status == .failed)
        #expect(other.error.contains("did you mean `census`?"))
    }

    @Test func `a missing file is refused before the server is asked`() async throws {
        let outcome = try await jidoka(["data", "add", "census", "nowhere.parquet"], answers: [:])
        #expect(outcome.status == .failed)
        #expect(outcome.error.contains("nowhere.parquet"))
        #expect(outcome.requests.isEmpty)
        let bare = try await jidoka(["data", "add", "census"], answers: [:], folder: "/nonexistent")
        #expect(bare.status == .failed)
        #expect(bare.error.contains("jidoka.yaml"))
    }

    @Test func `what the server says of a content names the file`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("broken.parquet", "PAR1 this is no table")
        let refusal: JSONValue = ["error": ["code": "invalid_argument", "message": "no table can be read", "hint": "send one"]]
        let outcome = try await jidoka(
            ["data", "add", "census", file], answers: ["POST /datasets/census/versions": [.json(refusal, status: 400)]])
        #expect(outcome.status == .failed)
        #expect(outcome.error.contains("broken.parquet`: no table can be read"))
    }

    @Test func `a failed check names each expectation and ends with 3`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("new.csv", "AGEP\n412\n")
        let outcome = try await jidoka(
            ["data", "check", "census", file], answers: ["POST /datasets/census/check": [.json(DataCommandTests.result)]])
        #expect(outcome.status == .notPassed)
        #expect(outcome.output.contains("census candidate ffeeddccbbaa: failed, 2 of 3 expectations on 2,000 rows did not hold"))
        #expect(outcome.output.contains("between of AGEP: 13 of 2000 cells do not"))
        #expect(outcome.output.contains("13 rows (0.65 %)"))
        #expect(outcome.output.contains("row 17: AGEP=412, SCHL=null"))
        #expect(outcome.output.contains("columns_exist: missing: `DREM`"))
        #expect(!outcome.output.contains("not_null"))
        #expect(outcome.requests.first?.query["filename"] == "new.csv")
    }

    @Test func `a version is checked where it lies`() async throws {
        var passed = try #require(DataCommandTests.result.objectValue)
        passed["success"] = true
        passed["version"] = "1a2b"
        passed["expectations"] = .array(Array(DataCommandTests.result.list("expectations").suffix(1)))
        let outcome = try await jidoka(
            ["data", "check", "census", "--version", "1a2b"], answers: ["POST /datasets/census/check": [.json(.object(passed))]])
        #expect(outcome.status == .ok)
        #expect(outcome.output == "census 1a2b: passed, 1 expectation on 2,000 rows\n")
        let request = try #require(outcome.requests.first)
        #expect(request.query == ["version": "1a2b", "actor": "user:ada"])
        #expect(request.body.isEmpty)
    }

    @Test func `a failed check ends with 3 as JSON too`() async throws {
        let outcome = try await jidoka(
            ["data", "check", "census", "--json"], answers: ["POST /datasets/census/check": [.json(DataCommandTests.result)]])
        #expect(outcome.status == .notPassed)
        #expect(try outcome.json() == DataCommandTests.result)
    }

    @Test func `datasets and versions are listed`() async throws {
        let summary: JSONValue = [["name": "census", "versions": 2, "newest": DataCommandTests.version]]
        let list = try await jidoka(["data", "list"], answers: ["GET /datasets": [.json(summary)]])
        #expect(list.output.contains("census          2  1a2b3c4d5e6f  54,812  2026-11-21 00:48:34Z"))
        let empty = try await jidoka(["data", "list"], answers: ["GET /datasets": [.json([])]])
        #expect(empty.output.contains("jidoka data add"))
        let versions = try await jidoka(
            ["data", "versions", "census"], answers: ["GET /datasets/census/versions": [.json([DataCommandTests.version])]])
        #expect(versions.output.contains("upload census.parquet"))
    }

    @Test func `the newest version is shown unless one is named`() async throws {
        let outcome = try await jidoka(
            ["data", "show", "census"],
            answers: [
                "GET /datasets/census/versions": [.json([DataCommandTests.version])],
                "GET /datasets/census/versions/1a2b3c4d5e6f": [.json(DataCommandTests.version)],
            ])
        #expect(outcome.status == .ok)
        #expect(outcome.output.contains("1a2b3c4d5e6f7788"))
        #expect(outcome.output.contains("AGEP    BIGINT        0        95    0   95  41.25"))
    }

    @Test func `the bytes of a part are written to a file`() async throws {
        let folder = try TemporaryFolder()
        let outcome = try await jidoka(
            ["data", "get", "census", "1a2b", "out.parquet", "--part", "train"],
            answers: ["GET /datasets/census/versions/1a2b/content": [.text("rows")]], folder: folder.path)
        #expect(outcome.status == .ok, "\(outcome.error)")
        #expect(try folder.read("out.parquet") == "rows")
        #expect(outcome.requests.first?.query == ["part": "train"])
    }
}
