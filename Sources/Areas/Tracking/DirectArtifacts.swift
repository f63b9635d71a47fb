/// Transfers of artifacts between a client and the store itself, past this server.
///
/// An upload becomes an artifact only when it is completed: then its bytes are read, hashed and kept by digest like all others.
package protocol DirectArtifacts: Sendable {
    /// Begins an upload in `parts` (1...10000) pieces. - Throws: `invalid_argument` when the path is a folder or lies below a file.
    func begin(_ path: ArtifactPath, parts: Int) async throws -> ArtifactUpload
    /// Points the path to what was uploaded; durable on return, and the same when it is asked again.
    /// - Throws: `not_found` for an upload that is none, or was begun for another path; `invalid_argument` for parts that were not sent.
    func complete(_ path: ArtifactPath, upload: String, _ parts: [ArtifactPart]) async throws -> ArtifactEntry
    /// Drops an upload; nothing there is fine.
    func abort(_ path: ArtifactPath, upload: String) async throws
    /// Where a file can be read for `seconds` (1...604800); the answer carries that disposition and that type.
    func address(of entry: ArtifactEntry, disposition: String, type: String, seconds: Int) async throws -> String
}

/// An address for each piece, in their order; pieces are sent with PUT.
package struct ArtifactUpload: Sendable, Hashable {
    package var id: String
    package var addresses: [String]

    package init(id: String, addresses: [String]) {
        self.id = id
        self.addresses = addresses
    }
}

/// A piece that was sent, by its number from 1, with the tag that the store answered.
package struct ArtifactPart: Sendable, Hashable {
    package var number: Int
    package var tag: String

    package init(number: Int, tag: String) {
        self.number = number
        self.tag = tag
    }
}

extension ArtifactStore {
    /// For stores that clients cannot reach by themselves.
    package var direct: (any DirectArtifacts)? { nil }
}
