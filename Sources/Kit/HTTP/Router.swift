package import Errors

package typealias HTTPHandler = @Sendable (HTTPRequest) async throws -> HTTPResponse

/// How much of the system a route lets its caller do. Access control checks it; a route without one cannot be declared.
package enum Permission: String, Sendable, CaseIterable {
    case read, write, operate, approve, administer
}

/// One route. `pattern` segments are literal, `{name}`, `{name}:literal` (TensorFlow-Serving's `:predict`), or a last `{name...}` that
/// takes the rest of the path. Literals win over names.
package struct Route: Sendable {
    package var method: String
    package var pattern: String
    package var permission: Permission
    /// One sentence for the OpenAPI document; nil leaves the route out of it.
    package var summary: String?
    /// Turns a thrown error into this protocol's error body.
    package var renderError: @Sendable (JidokaError, HTTPRequest) -> HTTPResponse
    package var handler: HTTPHandler
}

/// All routes. Built once, then read by many threads.
package struct Router: Sendable {
    package private(set) var routes: [Route] = []
    private var root = Node()

    private final class Node: Sendable, Equatable {
        let literals: [String: Node]
        let suffixed: [(suffix: String, name: String, node: Node)]
        let named: (name: String, node: Node)?
        let rest: (name: String, methods: [String: Int])?
        let methods: [String: Int]

        init(
            literals: [String: Node] = [:], suffixed: [(suffix: String, name: String, node: Node)] = [], named: (name: String, node: Node)? = nil,
            rest: (name: String, methods: [String: Int])? = nil, methods: [String: Int] = [:]
        ) {
            self.literals = literals
            self.suffixed = suffixed
            self.named = named
            self.rest = rest
            self.methods = methods
        }
        static func == (a: Node, b: Node) -> Bool { a === b }
    }

    package init() {}

    /// Declares a route. Two routes with the same method and pattern are a programmer's mistake.
    package mutating func add(_ route: Route) {
        let index = routes.count
        routes.append(route)
        root = Router.insert(route.pattern.split(separator: "/").map(String.init)[...], route.method, index, into: root)
    }

    private static func insert(_ segments: ArraySlice<String>, _ method: String, _ index: Int, into node: Node) -> Node {
        guard let segment = segments.first else {
            precondition(node.methods[method] == nil, "two routes for the same method and pattern")
            return Node(
                literals: node.literals, suffixed: node.suffixed, named: node.named, rest: node.rest,
                methods: node.methods.merging([method: index]) { $1 })
        }
        let tail = segments.dropFirst()
        guard segment.hasPrefix("{"), let close = segment.firstIndex(of: "}") else {
            let child = insert(tail, method, index, into: node.literals[segment] ?? Node())
            return Node(
                literals: node.literals.merging([segment: child]) { $1 }, suffixed: node.suffixed, named: node.named, rest: node.rest,
                methods: node.methods)
        }
        let name = String(segment[segment.index(after: segment.startIndex)..<close])
        let suffix = String(segment[segment.index(after: close)...])
        if name.hasSuffix("...") {
            let methods = (node.rest?.methods ?? [:]).merging([method: index]) { $1 }
            return Node(
                literals: node.literals, suffixed: node.suffixed, named: node.named, rest: (String(name.dropLast(3)), methods),
                methods: node.methods)
        }
        if suffix.isEmpty {
            let child = insert(tail, method, index, into: node.named?.node ?? Node())
            precondition(node.named == nil || node.named?.name == name, "one place in a pattern has two names: \(name)")
            return Node(literals: node.literals, suffixed: node.suffixed, named: (name, child), rest: node.rest, methods: node.methods)
        }
        var suffixed = node.suffixed
        let at = suffixed.firstIndex { $0.suffix == suffix }
        let child = insert(tail, method, index, into: at.map { suffixed[$0].node } ?? Node())
        if let at { suffixed[at].node = child } else { suffixed.append((suffix, name, child)) }
        return Node(literals: node.literals, suffixed: suffixed, named: node.named, rest: node.rest, methods: node.methods)
    }

    package enum Match: Sendable {
        case found(Route, parameters: [String: String])
        /// The path is known, the method is not: 405 with `Allow`.
        case wrongMethod(allowed: [String])
        case none
    }

    /// The route for a decoded path; HEAD is answered by GET's route.
    package func match(method: String, path: String) -> Match {
        let segments = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        var allowed: Set<String> = []
        let wanted = method == "HEAD" ? "GET" : method
        if let (index, parameters) = Router.find(segments[...], wanted, in: root, [:], &allowed) {
            return .found(routes[index], parameters: parameters)
        }
        return allowed.isEmpty ? .none : .wrongMethod(allowed: allowed.sorted())
    }

    private static func find(
        _ segments: ArraySlice<String>, _ method: String, in node: Node, _ bound: [String: String], _ allowed: inout Set<String>
    ) -> (Int, [String: String])? {
        guard let segment = segments.first else {
            allowed.formUnion(node.methods.keys)
            if let index = node.methods[method] { return (index, bound) }
            return rest(segments, method, in: node, bound, &allowed)
        }
        let tail = segments.dropFirst()
        if let child = node.literals[segment], let found = find(tail, method, in: child, bound, &allowed) { return found }
        for (suffix, name, child) in node.suffixed where segment.hasSuffix(suffix) && segment.count > suffix.count {
            let value = String(segment.dropLast(suffix.count))
            if let found = find(tail, method, in: child, bound.merging([name: value]) { $1 }, &allowed) { return found }
        }
        if let (name, child) = node.named,
            let found = find(tail, method, in: child, bound.merging([name: segment]) { $1 }, &allowed)
        {
            return found
        }
        return rest(segments, method, in: node, bound, &allowed)
    }

    private static func rest(
        _ segments: ArraySlice<String>, _ method: String, in node: Node, _ bound: [String: String], _ allowed: inout Set<String>
    ) -> (Int, [String: String])? {
        guard let (name, methods) = node.rest else { return nil }
        allowed.formUnion(methods.keys)
        guard let index = methods[method] else { return nil }
        return (index, bound.merging([name: segments.joined(separator: "/")]) { $1 })
    }

    /// Answers a request: match, handle, and turn errors into the route's own error body. Never throws.
    package func respond(to request: HTTPRequest, unknown: @Sendable (JidokaError, HTTPRequest) -> HTTPResponse) async -> HTTPResponse {
        switch match(method: request.method, path: request.path) {
        case .found(let route, let parameters):
            var request = request
            request.parameters = parameters
            do { return try await route.handler(request) } catch { return route.renderError(.wrapping(error), request) }
        case .wrongMethod(let allowed):
            var response = unknown(.init(.invalidArgument, "method \(request.method) is not allowed here", fields: ["status": "405"]), request)
            response.status = 405
            response.headers["allow"] = allowed.joined(separator: ", ")
            return response
        case .none: return unknown(.notFound("no such path `\(request.path)`"), request)
        }
    }
}
