package import Registry
package import Tracking

/// A place outside this server from which experiments, runs and models can be read.
///
/// Readers change nothing at the source, and read one that is still being written to: what is there when they look. Values are those of
/// the areas; artifact URIs are the source's own. Readers give the ids and times of the source, and leave judging them to the server.
package protocol InterchangeSource: Sendable {
    /// For people and for the record: `MLflow folder /data/mlruns`.
    var title: String { get }
    /// What could not be read and is left behind; complete once everything was asked for.
    var remarks: [String] { get }
    /// Active and deleted ones; `Default` is among them when it exists.
    func experiments() async throws -> [Experiment]
    /// Active and deleted ones.
    func runIDs(of experiment: Experiment) async throws -> [String]
    /// nil when it vanished since.
    func run(_ id: String, of experiment: Experiment) async throws -> SourceRun?
    func loggedModels(of experiment: Experiment) async throws -> [LoggedModel]
    /// With tags and aliases.
    func models() async throws -> [RegisteredModel]
    /// By number, without deleted ones.
    func versions(of model: RegisteredModel) async throws -> [ModelVersion]
    /// Every file below the artifacts of a run or a logged model, by path.
    func files(of place: ArtifactPlace) async throws -> [SourceFile]
    /// Brings the bytes of a file that has no local path.
    func fetch(_ file: SourceFile, to path: String) async throws
}

/// A run with every point of its metrics.
package struct SourceRun: Sendable, Hashable {
    package var run: Run
    /// All points of all keys; those of one key in the order in which they were logged when `growsAtEnd`.
    package var points: [Metric]
    /// Whether later points of a key always come after those that were read before.
    package var growsAtEnd: Bool

    package init(run: Run, points: [Metric], growsAtEnd: Bool = false) {
        self.run = run
        self.points = points
        self.growsAtEnd = growsAtEnd
    }

    package var place: ArtifactPlace {
        ArtifactPlace(uri: run.info.artifactURI, inside: "\(run.info.experimentID)/\(run.info.id)/artifacts")
    }
}

extension LoggedModel {
    package var place: ArtifactPlace { ArtifactPlace(uri: artifactURI, inside: "\(experimentID)/models/\(id)/artifacts") }
}

/// Where artifacts lie: the URI that the source tells, and where below the source's root they lie by convention.
package struct ArtifactPlace: Sendable, Hashable {
    package var uri: String
    package var inside: String

    package init(uri: String, inside: String) {
        self.uri = uri
        self.inside = inside
    }
}

/// One artifact file.
package struct SourceFile: Sendable, Hashable {
    /// Below the place, with `/`.
    package var path: String
    /// Bytes.
    package var size: Int64
    /// Changes when the contents may have changed.
    package var stamp: String
    /// Where it can be read on this machine; nil when it must be fetched.
    package var local: String?
    /// For `fetch`: what the source calls it.
    package var address: String

    package init(path: String, size: Int64, stamp: String, local: String?, address: String = "") {
        self.path = path
        self.size = size
        self.stamp = stamp
        self.local = local
        self.address = address
    }
}
