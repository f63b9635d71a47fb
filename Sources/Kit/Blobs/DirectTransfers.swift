package import Clockwork

/// What a store lets clients do without the server in between: addresses that are good for a while. Only a bucket can.
///
/// An upload goes to a place of its own, apart from the objects. When it is completed its bytes are read and hashed here, and only then is
/// it an object: nothing is ever kept under a digest that was not computed by this program. A download by address is what the store sends.
package protocol DirectTransfers: Sendable {
    /// Begins an upload in `parts` (1...10000) pieces. `label` is said again at its end, so that an upload serves what it was begun for.
    func begin(_ label: String, parts: Int) async throws -> DirectUpload
    /// Joins the pieces, reads what came, and keeps it under its digest, durable on return. Asked again it answers the same.
    /// - Throws: `not_found` for an upload that is none, or is another label's; `exhausted` beyond `maximumSize` bytes;
    ///   `invalid_argument` for pieces that the store does not have.
    func complete(_ upload: String, label: String, _ parts: [DirectPart], maximumSize: Int64) async throws -> StoredBlob
    /// Drops an upload and what came of it; nothing there is fine.
    func abort(_ upload: String, label: String) async throws
    /// Where the object can be read for `seconds` (1...604800); the answer carries that disposition and that type.
    func address(_ digest: Digest, disposition: String, type: String, seconds: Int) async throws -> String
    /// Drops what uploads that began before `limit` have left. Answers how many there were.
    func sweep(begunBefore limit: Timestamp) async throws -> Int
}

/// An upload past the server: an address for each piece, in their order. The pieces are sent with PUT.
package struct DirectUpload: Sendable, Hashable {
    package var id: String
    package var addresses: [String]

    package init(id: String, addresses: [String]) {
        self.id = id
        self.addresses = addresses
    }
}

/// A piece that was sent, by its number from 1, and the tag (`ETag`) that the store answered.
package struct DirectPart: Sendable, Hashable {
    package var number: Int
    package var tag: String

    package init(number: Int, tag: String) {
        self.number = number
        self.tag = tag
    }
}

extension ObjectStore {
    /// For stores that have no addresses of their own.
    package var direct: (any DirectTransfers)? { nil }
}
