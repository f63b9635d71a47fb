package import Clockwork

/// Where contents are kept by digest: on files of this machine, or in a bucket.
///
/// A content is there whole and durable, or not at all. What is read are the bytes that were put, or an error (`internal`, "data loss"):
/// they are checked against the digest. Neither direction holds a whole object in memory. What is discarded stays in the trash, can be
/// restored, and comes back by itself when it is read or put again; only `purge` destroys. Every back end passes `ObjectStoreContract`.
package protocol ObjectStore: Sendable {
    /// Its address, for messages; holds nothing secret.
    var location: String { get }
    /// Starts an object whose bytes come piece by piece. Beyond `maximumSize` bytes an append throws `exhausted`.
    func begin(maximumSize: Int64) async throws -> any ObjectUpload
    /// Bytes of the object; nil when it is neither there nor in the trash.
    func size(of digest: Digest) async throws -> Int64?
    /// Hands over piece after piece; the last only after all were found right. - Throws: `not_found`; `internal`; whatever `take` throws.
    func read(_ digest: Digest, expectedSize: Int64?, _ take: ([UInt8]) async throws -> Void) async throws
    /// A file of this machine that holds the object, found right, to be read only, and soon: it may be moved away within minutes where it
    /// is a copy. - Throws: `not_found`; `internal`.
    func file(_ digest: Digest, expectedSize: Int64?) async throws -> String
    /// The same when that costs nothing; nil when bytes would have to be fetched or checked first.
    func fileAtHand(_ digest: Digest) async throws -> String?
    /// Objects by digest after `after`, at most `limit` (1...1000). `modified` is when it was last put, also where it was there already.
    func objects(after: Digest?, limit: Int) async throws -> [ObjectFacts]
    /// Moves the object to the trash, unless it was put after `limit`: then it is left, and the answer is false.
    func discard(_ digest: Digest, notPutAfter limit: Timestamp) async throws -> Bool
    /// Takes the object out of the trash; false when it is not in there. It counts as put now.
    func restore(_ digest: Digest) async throws -> Bool
    /// What is in the trash, by digest, same bounds; `modified` is when it came there.
    func trash(after: Digest?, limit: Int) async throws -> [ObjectFacts]
    /// Destroys an object of the trash; nothing there is fine.
    func purge(_ digest: Digest) async throws
    /// Transfers past this server; nil where there are none.
    var direct: (any DirectTransfers)? { get }
}

/// An object being written: `append`, then `commit` or `abort`. Letting it go aborts.
package protocol ObjectUpload: Sendable {
    func append(_ bytes: [UInt8]) async throws
    /// Durable on return. The same content counts as put now where it is there already.
    func commit() async throws -> StoredBlob
    func abort() async
}

/// An object without its bytes.
package struct ObjectFacts: Sendable, Hashable {
    package var digest: Digest
    /// Bytes.
    package var size: Int64
    package var modified: Timestamp

    package init(digest: Digest, size: Int64, modified: Timestamp) {
        self.digest = digest
        self.size = size
        self.modified = modified
    }
}
