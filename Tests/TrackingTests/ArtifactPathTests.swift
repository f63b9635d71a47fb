import Errors
import Testing
import Tracking

@Suite struct ArtifactPathTests {
    /// Ways out that others' servers have let through (loop.md section 5.1), each also percent-encoded.
    static let evil = [
        "", "..", "../x", "a/../../x", "a/..", "/etc/passwd", "//etc/passwd", "///proc/self/root", "%2e%2e/x", "%2e%2e%2fx", "%252e%252e/x",
        "%25252e%25252e%25252fx", ".%2e/x", "%2e./x", "a/%2e%2e/%2e%2e/x", "..%2f..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd",
        "%252fetc/passwd",
        "a\\b", "..\\x", "a%5cb", "%5c..%5c", "a/..\\..\\x", "C:\\x", "C:/x", "c:x", "C%3a/x", "a#b", "a%23b", "#/../x", "a\u{0}b", "a%00b",
        "a%00/../b", "a\nb", "a%0ab", "a\u{7f}", "file:/etc/passwd", "file:///etc/passwd", "http://x/y", "s3://bucket/x", "... /x/.. /y",
        ".. /x", "a/ ../x", "a/...", ".", "./", "./.", String(repeating: "a", count: 256),
        String(repeating: "a/", count: 2_500) + "b", "%25252525252525252525252525252525252525252e",
    ]

    @Test(arguments: evil) func `a way out of the root is refused`(path: String) {
        let error = #expect(throws: JidokaError.self) { try ArtifactPath(path) }
        #expect(error?.message == "Invalid path")
    }

    @Test(arguments: [
        ("a", "a"), ("a/b.txt", "a/b.txt"), ("a//b", "a/b"), ("./a/./b", "a/b"), ("a/b/", "a/b"), ("a..b/c", "a..b/c"),
        (".hidden", ".hidden"),
        ("a b/ü.png", "a b/ü.png"), ("a%41b", "a%41b"), ("100%", "100%"), ("ab:c", "ab:c"), ("1/x=1&y", "1/x=1&y"),
        ("loss%step%10%timestamp%1795.png", "loss%step%10%timestamp%1795.png"), ("a%step%99%b", "a%step%99%b"),
        ("..hidden/x", "..hidden/x"),
    ])
    func `an ordinary path is taken in its normal form`(path: String, normal: String) throws {
        #expect(try ArtifactPath(path).description == normal)
    }

    @Test func `the root is no path but a folder`() throws {
        for root in [nil, "", ".", "/"] { #expect(try ArtifactPath.folder(root) == nil) }
        #expect(try ArtifactPath.folder("a/b")?.segments == ["a", "b"])
    }

    @Test func `a path is inside its folders and not inside their neighbours`() throws {
        let path = try ArtifactPath("1/a/x")
        #expect(path.isInside(try ArtifactPath("1/a")))
        #expect(!path.isInside(path))
        #expect(!path.isInside(try ArtifactPath("1/ab")))
        #expect(try ArtifactPath("1/a").appending(try ArtifactPath("b/c")).description == "1/a/b/c")
        #expect(path.parent?.description == "1/a")
        #expect(try ArtifactPath("1").parent == nil)
    }

    @Test(arguments: [("mlflow-artifacts:/1/a", "1/a"), ("mlflow-artifacts://host:5000/1/a", "1/a"), ("mlflow-artifacts:/1//a", "1/a")])
    func `an artifact URI names a path`(uri: String, path: String) throws {
        #expect(try ArtifactPath(uri: uri).description == path)
    }

    @Test(arguments: [
        "mlflow-artifacts:", "mlflow-artifacts:/", "mlflow-artifacts:1/a", "mlflow-artifacts://host", "mlflow-artifacts:/../x", "s3://b/x",
        "/x",
        "mlflow-artifacts:/%2e%2e/x", "mlflow-artifacts:////etc/../x",
    ])
    func `a URI that lies elsewhere is refused`(uri: String) {
        #expect(throws: JidokaError.self) { try ArtifactPath(uri: uri) }
    }
}
