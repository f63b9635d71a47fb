import Errors
import HTTP
import JSON

/// The longest body of a request; it names one region.
private let bodyMax = 64 << 10

/// The system-shared-memory extension. CUDA's answers why it cannot be used: models run on the CPU here.
func sharedMemoryRoutes(_ regions: SharedRegions) -> [HTTP.Route] {
    let system = "/v2/systemsharedmemory"
    let one = system + "/region/{region}"
    let cuda = "/v2/cudasharedmemory"
    return [
        route("GET", system + "/status", "The registered regions of shared memory.") { _ in .json(try status(of: nil, regions)) },
        route("GET", one + "/status", "One registered region of shared memory.") { request in
            .json(try status(of: try request.parameter("region"), regions))
        },
        route("POST", one + "/register", "Registers a POSIX shared memory object.", permission: .write) { request in
            let body = try await request.collectBody(upTo: bodyMax)
            let fields = try JSONValue.parse(body)
            guard let key = fields["key"]?.stringValue, let count = fields["byte_size"]?.intValue else {
                throw JidokaError.invalidArgument("`key` and `byte_size` are missing")
            }
            try regions.register(
                try request.parameter("region"), key: key, offset: fields["offset"]?.intValue ?? 0, count: count)
            return HTTPResponse()
        },
        route("POST", one + "/unregister", "Forgets a region of shared memory.", permission: .write) { request in
            regions.unregister(try request.parameter("region"))
            return HTTPResponse()
        },
        route("POST", system + "/unregister", "Forgets all regions of shared memory.", permission: .write) { _ in
            regions.unregister(nil)
            return HTTPResponse()
        },
        route("GET", cuda + "/status", "No region of CUDA shared memory is ever registered.") { _ in .json(JSONValue.array([])) },
        route("GET", cuda + "/region/{region}/status", "Refused: models run on the CPU.") { _ in throw noCUDA },
        route("POST", cuda + "/region/{region}/register", "Refused: models run on the CPU.", permission: .write) { _ in throw noCUDA },
        route("POST", cuda + "/region/{region}/unregister", "Nothing to forget.", permission: .write) { _ in HTTPResponse() },
        route("POST", cuda + "/unregister", "Nothing to forget.", permission: .write) { _ in HTTPResponse() },
    ]
}

private func status(of name: String?, _ regions: SharedRegions) throws -> JSONValue {
    .array(try regions.status(of: name).map { .object($0.facts) })
}

let noCUDA = JidokaError.failedPrecondition(
    "CUDA shared memory cannot be used: models run on the CPU", hint: "register system shared memory instead")
