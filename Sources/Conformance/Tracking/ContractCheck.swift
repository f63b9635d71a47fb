import Errors

/// One thing that every implementation does; `run` gets empty stores.
package struct ContractCheck<Stores: Sendable>: Sendable {
    package var name: String
    package var run: @Sendable (Stores) async throws -> Void

    package init(_ name: String, _ run: @escaping @Sendable (Stores) async throws -> Void) {
        self.name = name
        self.run = run
    }
}

/// What checks say when something is not so.
enum Broken {
    static func unless(_ condition: Bool, _ what: String) throws {
        if !condition { throw JidokaError.internal("the contract is broken: \(what)") }
    }

    static func unless<Value: Equatable>(_ found: Value, is wanted: Value, _ what: String) throws {
        if found != wanted { throw JidokaError.internal("the contract is broken: \(what): \(found) instead of \(wanted)") }
    }

    /// The body must be refused with this code.
    static func unlessRefused(_ code: ErrorCode, _ body: () async throws -> Void) async throws {
        do { try await body() } catch let error as JidokaError where error.code == code { return }
        throw JidokaError.internal("the contract is broken: \(code.rawValue) was expected")
    }
}
