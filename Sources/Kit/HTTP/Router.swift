package import Errors

/// Answers one request. What it throws becomes the error body of its route.
package typealias HTTPHandler = @Sendable (HTTPRequest) async throws -> HTTPResponse

/// One route. `pattern` segments are literal, `{name}`, `{name}:literal` (TensorFlow-Serving's `:predict`), or a last `{name...}` that
/// takes the rest of the path. Literals win over names.
package struct Route: Sendable {
    package var method: String
    package var pattern: String
    package var permission: Permission
    /// On what it acts; set once for all routes by `Router.assignScopes`.
    package internal(set) var scope: AccessScope?
    /// One sentence for the OpenAPI document; nil leaves the route out of it.
    package var summary: String?
    /// Turns a thrown error into this protocol's error body.
    package var renderError: @Sendable (JidokaError, HTTPRequest) -> HTTPResponse
    package var handler: HTTPHandler

    package init(
        method: String, pattern: String, permission: Permission, summary: String? = nil,
        renderError: @escaping @Sendable (JidokaError, HTTPRequest) -> HTTPResponse, handler: @escaping HTTPHandler
    ) {
        self.method = method
        self.pattern = pattern
        self.permission = permission
        self.summary = summary
        self.renderError = renderError
        self.handler = handler
    }
}

/// All routes. Built once, then read by many threads.
package struct Router: Sendable {
    package private(set) var routes: [Route] = []
    /// Asked before any handler runs.
    package var authoriser: any Authoriser = AllowEveryone()
    /// What the browser's marks on a request must say; nil checks nothing.
    package var originPolicy: OriginPolicy?
    private var root = Node()
    /// Patterns without names: found by one look-up. They win over names in the tree too.
    private var literals: [String: [(method: String, index: Int)]] = [:]

    private final class Node: Sendable, Equatable {
        let literals: [String: Node]
        let suffixed: [(suffix: String, name: String, node: Node)]
        let named: (name: String, node: Node)?
        let rest: (name: String, methods: [String: Int])?
        let methods: [String: Int]

        init(
            literals: [String: Node] = [:], suffixed: [(suffix: String, name: String, node: Node)] = [],
            named: (name: String, node: Node)? = nil,
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

    /// What every path may begin with as well, for example `/mlflow` behind a proxy that passes it on; empty: nothing.
    package var prefix = ""

    package init() {}

    mutating func setScope(_ scope: AccessScope?, of index: Int) { routes[index].scope = scope }

    /// Declares a route. Two routes with the same method and pattern are a programmer's mistake.
    package mutating func add(_ route: Route) {
        let index = routes.count
        routes.append(route)
        if !route.pattern.contains("{") { literals[route.pattern, default: []].append((method: route.method, index: index)) }
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
        let wanted = method == "HEAD" ? "GET" : method
        if let known = literals[path], let found = known.first(where: { $0.method == wanted }) {
            return .found(routes[found.index], parameters: [:])
        }
        var search = Search(method: wanted, segments: path.split(separator: "/").map(String.init))
        if let index = search.find(0, in: root) {
            return .found(routes[index], parameters: Dictionary(search.bound) { $1 })
        }
        return search.allowed.isEmpty ? .none : .wrongMethod(allowed: search.allowed.sorted())
    }

    /// One walk down the tree, with a way back: a literal that leads nowhere gives place to a name.
    private struct Search {
        let method: String
        let segments: [String]
        var bound: [(String, String)] = []
        var allowed: Set<String> = []

        init(method: String, segments: [String]) {
            self.method = method
            self.segments = segments
        }

        mutating func find(_ at: Int, in node: Node) -> Int? {
            guard at < segments.count else {
                if let index = node.methods[method] { return index }
                allowed.formUnion(node.methods.keys)
                return rest(at, in: node)
            }
            let segment = segments[at]
            if let child = node.literals[segment], let found = find(at + 1, in: child) { return found }
            for (suffix, name, child) in node.suffixed where segment.hasSuffix(suffix) && segment.utf8.count > suffix.utf8.count {
                if let found = find(at + 1, in: child, binding: name, to: String(segment.dropLast(suffix.count))) { return found }
            }
            if let (name, child) = node.named, let found = find(at + 1, in: child, binding: name, to: segment) { return found }
            return rest(at, in: node)
        }

        private mutating func find(_ at: Int, in node: Node, binding name: String, to value: String) -> Int? {
            bound.append((name, value))
            if let found = find(at, in: node) { return found }
            bound.removeLast()
            return nil
        }

        private mutating func rest(_ at: Int, in node: Node) -> Int? {
            guard let (name, methods) = node.rest else { return nil }
            guard let index = methods[method] else {
                allowed.formUnion(methods.keys)
                return nil
            }
            bound.append((name, segments[at...].joined(separator: "/")))
            return index
        }
    }

    /// Answers a request: match, handle, and turn errors into the route's own error body. Never throws.
    /// `report` is told of each error that a handler threw, with the cause that the answer hides.
    package func respond(
        to request: HTTPRequest, unknown: @Sendable (JidokaError, HTTPRequest) -> HTTPResponse,
        report: @Sendable (JidokaError, HTTPRequest) -> Void = { _, _ in }
    ) async -> HTTPResponse {
        if let refusal = originPolicy?.refusal(of: request) { return unknown(refusal, request) }
        var request = request
        if !prefix.isEmpty { request.drop(prefix: prefix) }
        switch match(method: request.method, path: request.path) {
        case .found(let route, let parameters):
            request.parameters = parameters
            do {
                try await authoriser.authorise(request, for: route)
                return try await route.handler(request)
            } catch {
                let error = JidokaError.wrapping(error)
                report(error, request)
                return route.renderError(error, request)
            }
        case .wrongMethod(let allowed):
            let list = allowed.joined(separator: ", ")
            let error = JidokaError(
                .invalidArgument, "method \(request.method) is not allowed here", hint: "use \(list)", fields: ["status": "405"])
            var response = unknown(error, request)
            response.status = 405
            response.headers["allow"] = list
            return response
        case .none: return unknown(.notFound("no such path `\(request.path)`"), request)
        }
    }
}
