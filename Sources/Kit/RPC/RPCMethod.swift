package import HTTP

/// One method of a service, and who answers it.
package struct RPCMethod: Sendable {
    package enum Handler: Sendable {
        /// One message in, one out. It starts on gRPC's thread and may read the message where it lies.
        case unary(@Sendable (RPCMessage, RPCCall) async throws -> [UInt8])
        /// Any number of messages both ways: `RPCCall.next` and `RPCCall.send`. Returning ends the call.
        case streaming(@Sendable (RPCCall) async throws -> Void)
    }
    /// `/inference.GRPCInferenceService/ModelInfer`
    package var path: String
    /// What its caller must be allowed to do: as with HTTP's routes, no method is without one.
    package var permission: Permission
    package var handler: Handler

    package init(_ path: String, permission: Permission, _ handler: Handler) {
        self.path = path
        self.permission = permission
        self.handler = handler
    }
}
