import CGRPC

/// A message that came, in gRPC's own memory.
package final class RPCMessage: @unchecked Sendable {  // the bytes do not change, and the handle is only freed
    private let handle: OpaquePointer
    /// Valid as long as this object.
    let bytes: UnsafeBufferPointer<UInt8>

    init(_ handle: OpaquePointer) {
        self.handle = handle
        var count = 0
        let start = jidoka_rpc_bytes(handle, &count)
        bytes = UnsafeBufferPointer(start: start, count: count)
    }

    deinit { jidoka_rpc_free(handle) }

    /// Runs `body` on the bytes where they lie.
    package func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(self) { try body(bytes) }
    }
}
