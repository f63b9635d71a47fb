import Errors
import JSON

/// How much of the system a route lets its caller do. Access control checks it; a route without one cannot be declared.
package enum Permission: String, Sendable, CaseIterable {
    case read, write, operate, approve, administer
}

/// On what a route acts: the kind of thing, and the fields by which a request names it.
package struct AccessScope: Sendable, Hashable {
    /// `server` for what belongs to nothing smaller.
    package var kind: String
    /// Looked for in this order: in the path, the query, a gathered JSON body.
    package var fields: [String]

    package init(_ kind: String, fields: [String] = []) {
        self.kind = kind
        self.fields = fields
    }

    /// Which one of its kind the request is about; nil when it does not say (a search, a creation).
    package func name(in request: HTTPRequest) -> String? {
        for field in fields {
            if let named = request.parameters[field] ?? request.query(field), !named.isEmpty { return named }
        }
        guard !fields.isEmpty, case .bytes(let bytes) = request.body, let body = try? JSONValue.parse(bytes).objectValue else { return nil }
        for field in fields { if let value = body[field], !value.isNull { return value.stringValue ?? value.text } }
        return nil
    }
}

/// Asked before any handler runs, for every route of every protocol: the one place where access is decided.
package protocol Authoriser: Sendable {
    /// Returns when the caller may. - Throws: `unauthenticated` or `permission_denied`, which become the route's own error body.
    func authorise(_ request: HTTPRequest, for route: Route) async throws
}

/// Everyone may do everything: for a server that only this machine reaches.
package struct AllowEveryone: Authoriser {
    package init() {}
    package func authorise(_ request: HTTPRequest, for route: Route) async throws {}
}

extension Router {
    /// Gives every route its scope. - Throws: `internal`, naming the routes for which `scope` knows none: such a server must not start.
    package mutating func assignScopes(_ scope: (Route) -> AccessScope?) throws {
        var unknown: [String] = []
        for index in routes.indices {
            let found = scope(routes[index])
            if found == nil { unknown.append("\(routes[index].method) \(routes[index].pattern)") }
            setScope(found, of: index)
        }
        guard unknown.isEmpty else {
            throw JidokaError.internal("routes without a scope: \(unknown.joined(separator: ", "))")
        }
    }
}
