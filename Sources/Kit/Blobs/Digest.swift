import Errors

/// The SHA-256 of an object's bytes: its name in the store.
package struct Digest: Sendable, Hashable, CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    package let hex: String

    /// Throws `invalid_argument` for anything but 64 lower-case hexadecimal digits.
    package init(_ hex: String) throws {
        let digits = hex.utf8
        guard digits.count == 64, digits.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
            throw JidokaError.invalidArgument(
                "`\(hex.prefix(80))` is not a SHA-256 digest", hint: "64 lower-case hexadecimal digits are expected")
        }
        self.hex = hex
    }

    package var description: String { hex }
}

/// What a store answers for an object that it has taken.
package struct StoredBlob: Sendable, Hashable {
    package var digest: Digest
    /// Bytes.
    package var size: Int64
    /// False where the same bytes were there already.
    package var isNew: Bool

    package init(digest: Digest, size: Int64, isNew: Bool) {
        self.digest = digest
        self.size = size
        self.isNew = isNew
    }
}
