package import JSON

/// Where the files of a model are.
package struct ModelSource: Sendable, Hashable {
    /// As registered.
    package var uri: String
    /// The artifact URI of the folder, for example `mlflow-artifacts:/1/models/m-…/artifacts`.
    package var location: String

    package init(uri: String, location: String) {
        self.uri = uri
        self.location = location
    }
}

/// Looks at a model's files before a version may be ready.
///
/// It checks that every file's bytes are what their digest says, that `MLmodel` is there, and computes the content identity. A model
/// with the ONNX flavor is also loaded, and predicts once on its input example when it has one. Other flavors are never loaded in the
/// server: their formats run code. A model that is not sound is a report with `problem` set; an error means that it could not be judged.
package protocol ModelVerifier: Sendable {
    func verify(_ source: ModelSource) async throws -> VerificationReport
}

/// What verification saw.
package struct VerificationReport: Sendable, Hashable {
    package var files: Int
    package var bytes: Int64
    /// Content identity: SHA-256 over the lines `<file digest> <relative path>\n`, sorted by the bytes of the path.
    package var digest: String
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
    }
}

/// What the registry must know of runs and logged models to follow a `source`. The composition root joins it to tracking.
package protocol ModelOrigins: Sendable {
    /// The artifact URI of a run, nil when there is none.
    func artifactRoot(ofRun id: String) async throws -> String?
    /// The artifact URI of a logged model and the run that made it ("" when unknown), nil when there is none.
    func loggedModel(id: String) async throws -> (artifactRoot: String, runID: String)?
}
