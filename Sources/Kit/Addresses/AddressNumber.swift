import Glibc

/// A numeric IPv4 or IPv6 address, and how far it reaches (the special-purpose registries of IANA, RFC 6890).
package struct AddressNumber: Sendable, Hashable {
    package enum Reach: Sendable, Hashable {
        case loopback
        /// RFC 1918 and RFC 4193.
        case privateNetwork
        /// Link-local (cloud metadata lies there), multicast, unspecified, shared, reserved and documentation ranges.
        case special
        case everywhere
    }

    /// Four or sixteen bytes; an IPv4 address inside an IPv6 one (mapped, 6to4, NAT64) counts as that IPv4 address.
    let bytes: [UInt8]

    /// Only the usual forms; nil for names and for the odd ones (`127.1`, `0x7f000001`, `2130706433`), which resolvers may understand.
    package init?(_ text: String) {
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            bytes = withUnsafeBytes(of: v4) { Array($0) }
            return
        }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
        let all = withUnsafeBytes(of: v6) { Array($0) }
        if all[..<10].allSatisfy({ $0 == 0 }), all[10] == 0xFF, all[11] == 0xFF {
            bytes = Array(all[12...])
        } else if all[0] == 0x20, all[1] == 0x02 {
            bytes = Array(all[2..<6])
        } else if all[..<12] == [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0] {
            bytes = Array(all[12...])
        } else {
            bytes = all
        }
    }

    package var reach: Reach { bytes.count == 4 ? reach4 : reach6 }

    private var reach4: Reach {
        switch (bytes[0], bytes[1], bytes[2]) {
        case (127, _, _): .loopback
        case (10, _, _), (172, 16...31, _), (192, 168, _): .privateNetwork
        case (0, _, _), (100, 64...127, _), (169, 254, _), (192, 0, 0), (192, 0, 2), (192, 88, 99), (198, 18...19, _), (198, 51, 100),
            (203, 0, 113), (224..., _, _):
            .special
        default: .everywhere
        }
    }

    private var reach6: Reach {
        if bytes[..<15].allSatisfy({ $0 == 0 }) { return bytes[15] == 1 ? .loopback : .special }
        if bytes[0] & 0xFE == 0xFC { return .privateNetwork }
        // Global unicast is 2000::/3, without the documentation and benchmark ranges and Teredo (2001::/23, 2001:db8::/32).
        guard bytes[0] & 0xE0 == 0x20 else { return .special }
        if bytes[0] == 0x20, bytes[1] == 0x01, bytes[2] < 2 || bytes[2] == 0x0D && bytes[3] == 0xB8 { return .special }
        return .everywhere
    }
}
