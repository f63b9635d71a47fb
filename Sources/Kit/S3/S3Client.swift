package import Clockwork
import Digests
import Errors
package import Outbound
package import Telemetry

/// One object as a listing or a question for it tells.
package struct S3Object: Sendable, Hashable {
    package var key: String
    /// Bytes.
    package var size: Int64
    package var modified: Timestamp
}

/// Requests to one bucket: signed, with time limits, tried again when the store is busy or the connection broke.
package struct S3Client: Sendable {
    package let location: S3Location
    /// The same bucket as clients reach it.
    private let outside: S3Location
    let signer: SigV4
    private let client: OutboundClient
    let time: any TimeSource
    let logger: Logger?
    /// Between the first try and the second; doubled each time.
    private let pause: Duration
    private static let triesMax = 5

    package init(
        location: S3Location, outside: S3Location? = nil, credentials: S3Credentials, client: OutboundClient, time: any TimeSource,
        pause: Duration = .milliseconds(100), logger: Logger? = nil
    ) {
        self.location = location
        self.outside = outside ?? location
        signer = SigV4(credentials: credentials, region: location.region)
        self.client = client
        self.time = time
        self.logger = logger
        self.pause = pause
    }

    /// nil when there is no such object.
    package func head(_ key: String) async throws -> S3Object? {
        let answer = try await send("ask for an object", "HEAD", key: key, accepts: [404])
        guard answer.status != 404 else { return nil }
        guard let size = answer.header("content-length").flatMap({ Int64($0) }),
            let modified = answer.header("last-modified").flatMap(S3Answers.time)
        else { throw JidokaError.internal("the object store did not tell an object's size and age") }
        return S3Object(key: key, size: size, modified: modified)
    }

    /// The bytes of `range`, in memory. - Throws: `not_found`.
    package func get(_ key: String, range: Range<Int64>) async throws -> [UInt8] {
        if range.isEmpty { return [] }
        let answer = try await send(
            "read an object", "GET", key: key, headers: [(name: "range", value: "bytes=\(range.lowerBound)-\(range.upperBound - 1)")],
            responseBytesMax: UInt64(range.count))
        guard answer.body.count == range.count else {
            throw JidokaError.internal("data loss: the object store sent \(answer.body.count) bytes of an object instead of \(range.count)")
        }
        return answer.body
    }

    /// Writes a small object.
    package func put(_ key: String, _ bytes: [UInt8]) async throws {
        _ = try await send(
            "write an object", "PUT", key: key, headers: S3Client.plain, body: .bytes(bytes), payloadHash: SHA256.hex(bytes))
    }

    package func delete(_ key: String) async throws {
        _ = try await send("remove an object", "DELETE", key: key, accepts: [404])
    }

    /// Objects by key, at most `limit` (1...1000) after `after`, all below `prefix`.
    package func list(prefix: String, after: String?, limit: Int) async throws -> [S3Object] {
        var query = [
            (name: "list-type", value: "2"), (name: "prefix", value: prefix), (name: "max-keys", value: String(limit)),
        ]
        if let after { query.append((name: "start-after", value: after)) }
        let answer = try await send("list objects", "GET", key: nil, query: query)
        return try S3Answers.each("Contents", in: answer.text).map { entry in
            guard let key = S3Answers.first("Key", in: entry), let size = S3Answers.first("Size", in: entry).flatMap({ Int64($0) }),
                let modified = S3Answers.first("LastModified", in: entry).flatMap(S3Answers.time)
            else { throw JidokaError.internal("the object store's listing is not understood") }
            return S3Object(key: key, size: size, modified: modified)
        }
    }

    /// An address by which anyone may do this one thing for `seconds`.
    package func presigned(
        _ method: String, key: String, query: [(name: String, value: String)] = [], seconds: Int
    ) -> String {
        outside.url(signer.presigned(outside.target(method, key: key, query: query), seconds: seconds, at: time.now()))
    }

    static let plain = [(name: "content-type", value: "application/octet-stream")]

    /// Sends, and sends again after a busy or broken answer. Statuses of `accepts` are answers like the good ones.
    func send(
        _ doing: String, _ method: String, key: String?, query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [],
        body: OutboundRequest.Body = .none, payloadHash: String = SHA256.hex([]), accepts: Set<Int> = [],
        responseBytesMax: UInt64 = 8 << 20
    ) async throws -> OutboundResponse {
        let target = location.target(method, key: key, query: query)
        var tries = 0
        while true {
            tries += 1
            var request = OutboundRequest(method, location.url(target.pathAndQuery), body: body)
            // Signed anew for each try: a signature is good for minutes only.
            request.headers = signer.headers(target, headers, payloadHash: payloadHash, at: time.now())
            request.timeout = nil
            request.stallTimeout = .seconds(30)
            request.responseBytesMax = responseBytesMax
            let isLast = tries == S3Client.triesMax
            do {
                let answer = try await client.send(request)
                if answer.isSuccess || accepts.contains(answer.status) { return answer }
                if isLast || !S3Client.isTransient(answer) {
                    throw S3Answers.failure(answer.status, answer.text, doing: doing, at: location.description)
                }
            } catch let error as JidokaError {
                // No answer at all: worth another try. A refusal, or a file that cannot be read, is not.
                if isLast || error.code != .unavailable || error.fields["answered"] != nil { throw error }
            }
            try await time.sleep(for: pause * (1 << (tries - 1)))
        }
    }

    private static func isTransient(_ answer: OutboundResponse) -> Bool {
        switch answer.status {
        case 429, 500, 502, 503, 504: true
        case 400: ["RequestTimeout", "SlowDown"].contains(S3Answers.first("Code", in: answer.text))
        default: false
        }
    }
}
