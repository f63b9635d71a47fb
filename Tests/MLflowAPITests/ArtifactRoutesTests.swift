import Errors
import HTTP
import Testing

@Suite struct ArtifactRoutesTests {
    private let proxy = "/api/2.0/mlflow-artifacts/artifacts"

    private func with(_ body: (APIFixture) async throws -> Void) async throws {
        let fixture = try await APIFixture()
        defer { fixture.close() }
        try await body(fixture)
    }

    @Test func `a file goes up, is listed, comes down and goes away`() async throws {
        try await with { api in
            let run = "00000000000000000000000000000001"
            _ = await api.post("runs/create", #"{"experiment_id":"0","start_time":5}"#)
            let path = "\(proxy)/0/\(run)/artifacts/a/f.txt"
            #expect(await api.send("PUT", path, "hello", type: nil) == (200, ""))
            #expect(await api.get(path) == (200, "hello"))
            #expect(await api.get("\(proxy)?path=0/\(run)/artifacts").text == #"{"files":[{"path":"a","is_dir":true}]}"#)
            #expect(
                await api.get("\(proxy)?path=0/\(run)/artifacts/a").text == #"{"files":[{"path":"f.txt","is_dir":false,"file_size":5}]}"#)
            #expect(
                await api.get("artifacts/list?run_id=\(run)&path=a").text
                    == #"{"root_uri":"mlflow-artifacts:/0/\#(run)/artifacts","files":[{"path":"a/f.txt","is_dir":false,"file_size":5}]}"#)
            #expect(await api.get("/get-artifact?run_id=\(run)&path=a/f.txt") == (200, "hello"))
            #expect(await api.get("\(proxy)?path=nope") == (200, "{}"))
            #expect(await api.get("\(proxy)/0/\(run)").status == 400)
            #expect(
                await api.get("\(proxy)/0/nope")
                    == (404, refusal("RESOURCE_DOES_NOT_EXIST", "No such artifact: '0/nope'")))
            #expect(await api.send("DELETE", path) == (200, "{}"))
            #expect(await api.send("DELETE", path) == (200, "{}"))
            #expect(await api.get(path).status == 404)
        }
    }

    static let evil = [
        "..", "../x", "a/../../x", "%2e%2e/x", "%252e%252e/x", "..%2f..%2fetc", "/etc/passwd", "//etc/passwd", "%2fetc/passwd",
        "a%5c..%5cb",
        "C%3a/x", "a%23b", "a%00b", "file%3a/etc/passwd",
    ]

    @Test(arguments: evil) func `no route lets a path lead out of the root`(path: String) async throws {
        try await with { api in
            _ = await api.post("runs/create", #"{"experiment_id":"0","start_time":5}"#)
            let refused = refusal("INVALID_PARAMETER_VALUE", "Invalid path")
            for method in ["GET", "DELETE"] { #expect(await api.send(method, "\(proxy)/\(path)") == (400, refused)) }
            #expect(await api.send("PUT", "\(proxy)/\(path)", "x", type: nil) == (400, refused))
            #expect(await api.get("\(proxy)?path=\(path)") == (400, refused))
            #expect(await api.get("artifacts/list?run_id=00000000000000000000000000000001&path=\(path)") == (400, refused))
            #expect(await api.get("/get-artifact?run_id=00000000000000000000000000000001&path=\(path)") == (400, refused))
        }
    }

    @Test func `downloads are attachments of a guessed type that browsers do not sniff`() async throws {
        try await with { api in
            for name in ["f.txt", "model.onnx", "MLmodel", "größe 1.png"] {
                _ = await api.send("PUT", "\(proxy)/0/\(name)", "x", type: nil)
            }
            func headers(_ name: String) async -> HTTPHeaders {
                await api.router.respond(to: HTTPRequest(method: "GET", path: "\(proxy)/0/\(name)")) { _, _ in .text("", status: 500) }
                    .headers
            }
            let text = await headers("f.txt")
            #expect(text["content-type"] == "text/plain")
            #expect(text["etag"] == "\"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\"")
            #expect(text["content-disposition"] == "attachment; filename=f.txt")
            #expect(text["x-content-type-options"] == "nosniff")
            #expect(await headers("model.onnx")["content-type"] == "application/octet-stream")
            #expect(await headers("MLmodel")["content-type"] == "text/plain")
            let umlaut = await headers("größe 1.png")["content-disposition"]
            #expect(umlaut == "attachment; filename=\"gr____e 1.png\"; filename*=UTF-8''gr%C3%B6%C3%9Fe%201.png")
        }
    }

    @Test func `a client that has the content already gets none of it`() async throws {
        try await with { api in
            _ = await api.send("PUT", "\(proxy)/0/f", "x", type: nil)
            let digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
            for (known, status) in [("\"\(digest)\"", 304), ("\"abc\", W/\"\(digest)\"", 304), ("*", 304), ("\"abc\"", 200)] {
                let request = HTTPRequest(method: "GET", path: "\(proxy)/0/f", headers: ["if-none-match": known])
                #expect(await api.router.respond(to: request) { _, _ in .text("", status: 500) }.status == status, "\(known)")
            }
        }
    }

    @Test func `a streamed body is taken chunk by chunk`() async throws {
        try await with { api in
            let chunks = Counter()
            let body = HTTPBody.stream { chunks.next().map { [UInt8](repeating: $0, count: 50_000) } }
            let request = HTTPRequest(method: "PUT", path: "\(proxy)/0/big", body: body)
            let response = await api.router.respond(to: request) { _, _ in .text("", status: 500) }
            #expect(response.status == 200)
            let down = await api.router.respond(to: HTTPRequest(method: "GET", path: "\(proxy)/0/big")) { _, _ in .text("", status: 500) }
            let bytes = await APIFixture.bytes(down)
            #expect(bytes.count == 40 * 50_000)
            #expect(bytes == (0..<40).flatMap { [UInt8](repeating: UInt8($0), count: 50_000) })
        }
    }
}
