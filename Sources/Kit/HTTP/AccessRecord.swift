import JSON
import Telemetry

/// What the access log says of a request.
struct AccessRecord {
    var method = ""
    var path = ""
    var requestID = ""
    var status = 0
    var bytes = 0
    var drained = 0
    var download: DownloadPipe?

    func log(to logger: Logger, whole: Bool, microseconds: UInt64) {
        logger.info("request", fields(whole: whole, microseconds: microseconds))
    }

    private func fields(whole: Bool, microseconds: UInt64) -> [(String, JSONValue)] {
        var fields: [(String, JSONValue)] = [
            ("method", .string(method)), ("path", .string(path)), ("status", .int(Int64(status))),
            ("bytes", .int(Int64(download?.total ?? bytes))), ("us", .int(Int64(microseconds))), ("request_id", .string(requestID)),
        ]
        if !whole { fields.append(("aborted", .bool(true))) }
        return fields
    }
}
