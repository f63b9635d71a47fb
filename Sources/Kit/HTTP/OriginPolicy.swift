import Addresses
import Errors

/// Keeps other sites' pages in a user's browser away from this server.
///
/// A page can make a browser send requests to a server on the user's own machine: with the page's name as the host when that name was
/// pointed at the machine (DNS rebinding), or to the server's own address with the page's origin on it (cross-site request forgery).
/// So the host must be one of this server's names, and a change must not come from another origin. Numeric loopback and private
/// addresses are good hosts: no name was looked up. Clients that are no browsers send neither `Origin` nor `Sec-Fetch-Site`.
package struct OriginPolicy: Sendable {
    /// Names without a port, in lower case; `*` lets every host pass, `*.example.com` every name below.
    private let hosts: [String]
    /// What load balancers ask under any name; nothing is told there. As the MLflow server.
    private static let open: Set<String> = ["/health", "/version"]
    private static let reading: Set<String> = ["GET", "HEAD", "OPTIONS"]

    /// - Parameter hosts: further names of this server beside the loopback ones.
    package init(hosts: [String]) { self.hosts = hosts.map { Self.withoutBrackets($0.lowercased()) } }

    /// Why the request is refused, or nil. The errors carry status 403.
    func refusal(of request: HTTPRequest) -> JidokaError? {
        if OriginPolicy.open.contains(request.path), OriginPolicy.reading.contains(request.method) { return nil }
        guard request.headers.count(of: "host") <= 1 else { return .invalidArgument("there is more than one host header") }
        guard let host = request.headers["host"].flatMap(OriginPolicy.name), allows(host) else {
            return JidokaError(
                .permissionDenied, "Invalid Host header - possible DNS rebinding attack detected",
                hint: "name this server's hosts with --allowed-hosts", fields: ["status": "403"])
        }
        if OriginPolicy.reading.contains(request.method) { return nil }
        if let origin = request.headers["origin"] { return allows(origin: origin, of: request) ? nil : OriginPolicy.foreign }
        let site = request.headers["sec-fetch-site"]?.lowercased()
        return site == nil || site == "same-origin" || site == "none" ? nil : OriginPolicy.foreign
    }

    private static let foreign = JidokaError(
        .permissionDenied, "Cross-origin request blocked", hint: "name the page's host with --allowed-hosts", fields: ["status": "403"])

    /// The server's own origin, a page of this machine, or a page of a named host (a proxy's outer name).
    private func allows(origin: String, of request: HTTPRequest) -> Bool {
        for scheme in ["http://", "https://"] where origin.lowercased().hasPrefix(scheme) {
            let authority = String(origin.lowercased().dropFirst(scheme.count))
            guard let name = OriginPolicy.name(authority) else { return false }
            return authority == request.headers["host"]?.lowercased() || OriginPolicy.isLoopback(name) || isNamed(name)
        }
        return false
    }

    private func allows(_ host: String) -> Bool { isNamed(host) || OriginPolicy.isLoopback(host) || OriginPolicy.isPrivate(host) }

    private func isNamed(_ host: String) -> Bool {
        hosts.contains { $0 == "*" || $0 == host || $0.hasPrefix("*.") && host.hasSuffix($0.dropFirst()) }
    }

    /// The host of `host[:port]` in lower case without brackets; nil when it is neither a name nor a numeric address.
    static func name(_ authority: String) -> String? {
        var rest = authority.lowercased()[...]
        var host: Substring
        if rest.first == "[" {
            guard let close = rest.firstIndex(of: "]") else { return nil }
            host = rest[rest.index(after: rest.startIndex)..<close]
            rest = rest[rest.index(after: close)...]
            guard AddressNumber(String(host)) != nil else { return nil }
        } else {
            host = rest.prefix { $0 != ":" }
            rest = rest[host.endIndex...]
            guard host.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || $0 >= 0x61 && $0 <= 0x7A || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F })
            else { return nil }
        }
        let port = rest.dropFirst()
        guard !host.isEmpty, rest.isEmpty || rest.first == ":" && port.utf8.count <= 5 && port.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
        else { return nil }
        if host.last == "." { host = host.dropLast() }
        return String(host)
    }

    private static func withoutBrackets(_ host: String) -> String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }

    static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host.hasSuffix(".localhost") { return true }
        return AddressNumber(host)?.reach == .loopback || host == "0.0.0.0"
    }

    static func isPrivate(_ host: String) -> Bool { AddressNumber(host).map { $0.reach == .privateNetwork } ?? false }
}
