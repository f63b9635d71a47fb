package import JSON

/// Where the files of a model are.
package struct ModelSource: Sendable, Hashable {
    /// As registered.
    package var uri: String
    /// The artifact URI of the folder, for example `mlflow-artifacts:/1/models/m-…/artifacts`.
    package var location: String
    /// The commit of the code that made it; "" when it is not known.
    package var codeVersion: String

    package init(uri: String, location: String, codeVersion: String = "") {
        self.uri = uri
        self.location = location
        self.codeVersion = codeVersion
    }
}

/// Looks at a model's files before a version may be ready.
///
/// It checks that every file's bytes are what their digest says, that `MLmodel` is there, and computes the content identity. A model
/// with the ONNX flavor is also loaded, and predicts once on its input example when it has one. Other flavors are never loaded in the
/// server: their formats run code; their MLmodel, signature and input example are read. A model that is not sound is a report with
/// `problem` set; an error means that it could not be judged.
package protocol ModelVerifier: Sendable {
    func verify(_ source: ModelSource) async throws -> VerificationReport
}

/// What verification saw.
package struct VerificationReport: Sendable, Hashable {
    package var files: Int
    package var bytes: Int64
    /// The folder as it is: SHA-256 over the lines `<file digest> <relative path>\n`, sorted by the bytes of the path.
    package var digest: String
    /// Content identity: over weights, config, environment and code version, without what differs from one logging of the same model to the
    /// next; nil when `MLmodel` could not be read. See docs/format/registry.md.
    package var identity: String?
    /// The commit that is part of the identity; "" when it is not known, nil in reports from before there were identities.
    package var codeVersion: String?
    /// What was looked at and found sound, in words.
    package var verified: [String] = []
    /// What was not looked at, and why.
    package var notVerified: [String] = []
    /// `onnx`, `sklearn`, …: the flavors that `MLmodel` names.
    package var flavors: [String]
    /// nil: not tried, because the server does not run this format.
    package var loads: Bool?
    /// nil: not tried, or there is no input example.
    package var predicts: Bool?
    /// One sentence for people.
    package var detail: String
    /// Why the version cannot be ready; nil when it can.
    package var problem: String?

    package init(
        files: Int, bytes: Int64, digest: String, flavors: [String], loads: Bool?, predicts: Bool?, detail: String, problem: String? = nil
    ) {
        self.files = files
        self.bytes = bytes
        self.digest = digest
        self.flavors = flavors
        self.loads = loads
        self.predicts = predicts
        self.detail = detail
        self.problem = problem
    }

    package var isSound: Bool { problem == nil && loads != false && predicts != false }

    package var json: JSONObject {
        [
            "files": .int(Int64(files)), "bytes": .int(bytes), "digest": .string(digest), "flavors": .array(flavors.map(JSONValue.string)),
            "loads": JSONValue(loads), "predicts": JSONValue(predicts), "detail": .string(detail), "problem": JSONValue(problem),
            "identity": JSONValue(identity), "code_version": JSONValue(codeVersion), "verified": .array(verified.map(JSONValue.string)),
            "not_verified": .array(notVerified.map(JSONValue.string)),
        ]
    }

    /// nil when the object is not one that `json` wrote.
    package init?(json: JSONObject) {
        guard let files = json["files"]?.intValue, let bytes = json["bytes"]?.intValue, let digest = json["digest"]?.stringValue else {
            return nil
        }
        self.init(
            files: Int(files), bytes: bytes, digest: digest, flavors: json["flavors"]?.arrayValue?.compactMap(\.stringValue) ?? [],
            loads: json["loads"]?.boolValue, predicts: json["predicts"]?.boolValue, detail: json["detail"]?.stringValue ?? "",
            problem: json["problem"]?.stringValue)
        identity = json["identity"]?.stringValue
        codeVersion = json["code_version"]?.stringValue
        verified = json["verified"]?.arrayValue?.compactMap(\.stringValue) ?? []
        notVerified = json["not_verified"]?.arrayValue?.compactMap(\.stringValue) ?? []
    }
}

/// What the registry must know of runs and logged models to follow a `source`. The composition root joins it to tracking.
package protocol ModelOrigins: Sendable {
    /// The artifact URI of a run, nil when there is none.
    func artifactRoot(ofRun id: String) async throws -> String?
    /// The commit of the code that a run says it is of, nil when it says none or is not known.
    func codeVersion(ofRun id: String) async throws -> String?
    /// The artifact URI of a logged model and the run that made it ("" when unknown), nil when there is none.
    func loggedModel(id: String) async throws -> (artifactRoot: String, runID: String)?
}
