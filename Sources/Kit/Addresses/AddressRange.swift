/// A block of addresses: `10.0.0.0/8`, `fd00::/8` (RFC 4632, RFC 4291), or one address.
package struct AddressRange: Sendable, Hashable {
    private let first: AddressNumber
    private let bits: Int

    /// nil for what is no block.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let first = AddressNumber(String(parts[0])) else { return nil }
        let most = first.bytes.count * 8
        guard let bits = parts.count == 1 ? most : Int(parts[1]), (0...most).contains(bits) else { return nil }
        self.first = first
        self.bits = bits
    }

    package func contains(_ address: AddressNumber) -> Bool {
        guard address.bytes.count == first.bytes.count else { return false }
        return (0..<bits).allSatisfy { bit in (address.bytes[bit / 8] ^ first.bytes[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0 }
    }
}
