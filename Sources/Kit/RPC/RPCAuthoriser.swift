package import HTTP

/// Asked before any handler runs: the one place where access is decided, as `Authoriser` is for HTTP.
package protocol RPCAuthoriser: Sendable {
    /// Returns when the caller may. - Throws: `unauthenticated` or `permission_denied`.
    func authorise(_ call: RPCCall, for method: RPCMethod) async throws
}

extension AllowEveryone: RPCAuthoriser {
    package func authorise(_ call: RPCCall, for method: RPCMethod) async throws {}
}
