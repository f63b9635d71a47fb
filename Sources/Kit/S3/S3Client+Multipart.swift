import Clockwork
import Errors
import JSON
import Outbound
import Telemetry

/// Large objects go in parts. S3's limits: parts of 5 MiB to 5 GiB, at most 10,000, the last may be smaller.
extension S3Client {
    package static let partBytesMin: Int64 = 16 << 20
    private static let partsMax: Int64 = 10_000
    private static let partsAtOnce = 4
    private static let copyBytesMax: Int64 = 1 << 30

    package struct Part: Sendable, Hashable {
        package var number: Int
        package var tag: String
        package init(number: Int, tag: String) {
            self.number = number
            self.tag = tag
        }
    }

    /// Writes a file of this machine whose SHA-256 is `digest`. A failed upload in parts is given up at the store too.
    package func put(_ key: String, file path: String, size: Int64, digest: String) async throws {
        guard size > S3Client.partBytesMin else {
            _ = try await send(
                "write an object", "PUT", key: key, headers: S3Client.plain, body: .file(path: path, count: UInt64(size)),
                payloadHash: digest)
            return
        }
        let bytes = max(S3Client.partBytesMin, (size + S3Client.partsMax - 1) / S3Client.partsMax)
        try await inParts(key, size: size, partBytes: bytes) { upload, number, range in
            let answer = try await send(
                "write a part of an object", "PUT", key: key, query: S3Client.query(upload, number), headers: S3Client.plain,
                body: .file(path: path, offset: UInt64(range.lowerBound), count: UInt64(range.count)), payloadHash: SigV4.unsignedPayload)
            guard let tag = answer.header("etag") else { throw JidokaError.internal("the object store did not name a part it took") }
            return tag
        }
    }

    /// Copies an object inside the store.
    package func copy(_ source: S3Object, to key: String) async throws {
        let from = (name: "x-amz-copy-source", value: SigV4.encoded("/\(location.bucket)/\(source.key)", keep: UInt8(ascii: "/")))
        guard source.size > S3Client.copyBytesMax else {
            let replace = source.key == key ? [(name: "x-amz-metadata-directive", value: "REPLACE")] : []
            let answer = try await send("copy an object", "PUT", key: key, headers: [from] + replace + S3Client.plain)
            try checkBody(answer, "copy an object")
            return
        }
        try await inParts(key, size: source.size, partBytes: S3Client.copyBytesMax) { upload, number, range in
            let part = (name: "x-amz-copy-source-range", value: "bytes=\(range.lowerBound)-\(range.upperBound - 1)")
            let answer = try await send(
                "copy a part of an object", "PUT", key: key, query: S3Client.query(upload, number), headers: [from, part])
            try checkBody(answer, "copy a part of an object")
            guard let tag = S3Answers.first("ETag", in: answer.text) else {
                throw JidokaError.internal("the object store did not name a part it copied")
            }
            return tag
        }
    }

    package func beginParts(_ key: String) async throws -> String {
        let answer = try await send(
            "begin an object in parts", "POST", key: key, query: [(name: "uploads", value: "")], headers: S3Client.plain)
        guard let upload = S3Answers.first("UploadId", in: answer.text) else {
            throw JidokaError.internal("the object store did not name the upload that it began")
        }
        return upload
    }

    package func completeParts(_ key: String, upload: String, _ parts: [Part]) async throws {
        let list = parts.sorted { $0.number < $1.number }.map { part in
            "<Part><PartNumber>\(part.number)</PartNumber><ETag>\(S3Client.escaped(part.tag))</ETag></Part>"
        }
        let body = Array("<CompleteMultipartUpload>\(list.joined())</CompleteMultipartUpload>".utf8)
        let answer = try await send(
            "complete an object in parts", "POST", key: key, query: [(name: "uploadId", value: upload)],
            headers: [(name: "content-type", value: "application/xml")], body: .bytes(body), payloadHash: SigV4.unsignedPayload)
        try checkBody(answer, "complete an object in parts")
    }

    package func abortParts(_ key: String, upload: String) async throws {
        _ = try await send(
            "give up an object in parts", "DELETE", key: key, query: [(name: "uploadId", value: upload)], accepts: [404])
    }

    /// Whether the upload is under way.
    func hasParts(_ key: String, upload: String) async throws -> Bool {
        let query = [(name: "uploadId", value: upload), (name: "max-parts", value: "1")]
        return try await send("ask for an object in parts", "GET", key: key, query: query, accepts: [404]).status != 404
    }

    /// An upload that was begun and neither completed nor given up.
    struct Unfinished: Sendable {
        let key: String
        let id: String
        let begun: Timestamp
    }

    /// Those below `prefix`, at most 10,000.
    func uploads(prefix: String) async throws -> [Unfinished] {
        var found: [Unfinished] = []
        var query = [(name: "uploads", value: ""), (name: "prefix", value: prefix)]
        for _ in 0..<10 {
            let answer = try await send("list uploads", "GET", key: nil, query: query)
            let page = try S3Answers.each("Upload", in: answer.text).map { entry in
                guard let key = S3Answers.first("Key", in: entry), let id = S3Answers.first("UploadId", in: entry),
                    let begun = S3Answers.first("Initiated", in: entry).flatMap(S3Answers.time)
                else { throw JidokaError.internal("the object store's listing of uploads is not understood") }
                return Unfinished(key: key, id: id, begun: begun)
            }
            found += page
            guard S3Answers.first("IsTruncated", in: answer.text) == "true", let last = page.last else { break }
            query = [
                (name: "uploads", value: ""), (name: "prefix", value: prefix), (name: "key-marker", value: last.key),
                (name: "upload-id-marker", value: last.id),
            ]
        }
        return found
    }

    static func query(_ upload: String, _ number: Int) -> [(name: String, value: String)] {
        [(name: "partNumber", value: String(number)), (name: "uploadId", value: upload)]
    }

    private func inParts(
        _ key: String, size: Int64, partBytes: Int64, _ send: @escaping @Sendable (String, Int, Range<Int64>) async throws -> String
    ) async throws {
        let upload = try await beginParts(key)
        do {
            let count = Int((size + partBytes - 1) / partBytes)
            let parts = try await withThrowingTaskGroup(of: Part.self) { group in
                var done: [Part] = []
                for number in 1...count {
                    if number > S3Client.partsAtOnce, let part = try await group.next() { done.append(part) }
                    let start = Int64(number - 1) * partBytes
                    group.addTask { Part(number: number, tag: try await send(upload, number, start..<min(size, start + partBytes))) }
                }
                for try await part in group { done.append(part) }
                return done
            }
            try await completeParts(key, upload: upload, parts)
        } catch {
            // What is thrown is why it failed; parts that could not be given up are removed by the bucket's own rule.
            do { try await abortParts(key, upload: upload) } catch let second {
                logger?.warning(
                    "parts of an object could not be given up", [("key", .string(key)), ("error", .string("\(second)"))])
            }
            throw error
        }
    }

    /// Copies and completions may fail after the status 200 was sent: the body then holds the error.
    private func checkBody(_ answer: OutboundResponse, _ doing: String) throws {
        if S3Answers.first("Code", in: answer.text) != nil {
            throw S3Answers.failure(500, answer.text, doing: doing, at: location.description)
        }
    }

    private static func escaped(_ text: String) -> String {
        text.map { $0 == "&" ? "&amp;" : $0 == "<" ? "&lt;" : $0 == ">" ? "&gt;" : $0 == "\"" ? "&quot;" : String($0) }.joined()
    }
}
