import Errors
import Glibc

extension HTTPResponse {
    /// A whole file of this machine as an attachment of unknown type. - Throws: `internal` when it is gone.
    package static func wholeFile(_ path: String) throws -> HTTPResponse {
        var facts = stat()
        guard stat(path, &facts) == 0 else { throw JidokaError.internal("a stored file is gone") }
        return HTTPResponse(
            headers: ["content-type": "application/octet-stream", "x-content-type-options": "nosniff"],
            body: .file(path: path, offset: 0, count: UInt64(facts.st_size)))
    }
}
