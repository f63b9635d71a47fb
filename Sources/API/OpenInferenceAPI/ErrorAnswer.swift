package import Errors
package import HTTP
import JSON

/// The protocol's error body, `{"error": "…"}`, with the hint after the message. The hidden cause stays hidden.
package func renderError(_ error: JidokaError) -> HTTPResponse {
    let text = error.hint.map { "\(error.message) (\($0))" } ?? error.message
    return .json(["error": .string(text)], status: error.usualStatus)
}
