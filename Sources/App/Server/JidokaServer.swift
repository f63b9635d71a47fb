/// The whole server in one call.
package enum JidokaServer {
    /// Runs until the task is cancelled; `onReady` is told the address once the server answers.
    package static func run(
        _ settings: ServerSettings, environment: [String: String], onReady: @Sendable (String) async -> Void
    ) async throws {
        try settings.check()
    }
}
