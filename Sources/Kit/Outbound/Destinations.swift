import Addresses
import Errors

/// Where requests that others name may go: public addresses, and what is allowed by name or block.
///
/// The address is checked when the connection is made, after the name was resolved, so that a name cannot point elsewhere between a check
/// and the connection (DNS rebinding).
package struct Destinations: Sendable, Hashable {
    private let names: Set<String>
    private let ranges: [AddressRange]
    private let allowsAll: Bool

    /// `entries`: host names (`hooks.example`, `*.example`), addresses and blocks (`10.1.0.0/16`); `*` allows every address.
    /// - Throws: `invalid_argument` for an entry that is none of them.
    package init(allowing entries: [String] = []) throws {
        var names: Set<String> = []
        var ranges: [AddressRange] = []
        for entry in entries where entry != "*" {
            if let range = AddressRange(entry) {
                ranges.append(range)
            } else if !entry.isEmpty, !entry.contains("/"), entry.allSatisfy({ $0.isLetter || $0.isNumber || "-._*".contains($0) }) {
                names.insert(entry.lowercased())
            } else {
                throw JidokaError.invalidArgument(
                    "`\(entry)` is no host name and no block of addresses", hint: "write hooks.example, *.example or 10.1.0.0/16")
            }
        }
        self.names = names
        self.ranges = ranges
        allowsAll = entries.contains("*")
    }

    /// Whether the name itself is allowed, wherever it points.
    package func allows(host: String) -> Bool {
        let host = host.lowercased()
        if allowsAll || names.contains(host) { return true }
        return host.indices.contains { host[$0] == "." && names.contains("*\(host[$0...])") }
    }

    /// Whether a connection to this numeric address may be made. What cannot be read may not.
    package func allows(address text: String) -> Bool {
        if allowsAll { return true }
        guard let address = AddressNumber(text) else { return false }
        return address.reach == .everywhere || ranges.contains { $0.contains(address) }
    }

    /// Looks at an address before anything is resolved: its scheme, and its host when that is a number or means this machine.
    /// - Throws: `invalid_argument` with the reason.
    package func check(url: String) throws {
        let address = try Address(url)
        let literal = address.host.hasPrefix("[") ? String(address.host.dropFirst().dropLast()) : address.host
        let number = AddressNumber(literal)
        if allows(host: address.host) || number.map({ number in ranges.contains { $0.contains(number) } }) ?? false { return }
        guard url.lowercased().hasPrefix("https://") else {
            throw JidokaError.invalidArgument(
                "Invalid webhook URL scheme: 'http'. Allowed schemes are: https.",
                hint: "places that the server allows may have http")
        }
        let isHere = address.host.lowercased() == "localhost" || address.host.lowercased().hasSuffix(".localhost")
        guard !isHere, number == nil || allows(address: literal) else { throw Destinations.refused(address.host) }
    }

    static func refused(_ host: String) -> JidokaError {
        JidokaError(
            .invalidArgument, "`\(host)` is not a public address, and this server is not allowed to call it",
            hint: "start it with --webhook-allow naming the host or its block of addresses", fields: ["reason": "refused_address"])
    }
}
