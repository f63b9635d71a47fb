import Errors

/// Where in shared memory a tensor lies (the system-shared-memory extension).
struct SharedPlace: Sendable, Equatable {
    /// The name under which the region was registered.
    var region: String
    var offset: Int
    var count: Int

    /// The parameters of a tensor that name its place, as they come.
    struct Parameters {
        private var region: String?
        private var offset: Int64 = 0
        private var count: Int64?

        mutating func take(_ name: String, _ value: InferParameter?) {
            switch (name, value) {
            case ("shared_memory_region", .string(let text)): region = text
            case ("shared_memory_offset", .int(let number)): offset = number
            case ("shared_memory_byte_size", .int(let number)): count = number
            default: break
            }
        }

        /// nil: the tensor comes with the message.
        func place(of tensor: String) throws -> SharedPlace? {
            guard let region else { return nil }
            guard let count, let bytes = Int(exactly: count), bytes >= 0, let start = Int(exactly: offset), start >= 0 else {
                throw JidokaError.invalidArgument(
                    "'\(tensor)' names the shared memory region '\(region)' without a possible `shared_memory_byte_size` and offset")
            }
            return SharedPlace(region: region, offset: start, count: bytes)
        }
    }
}
