/// Long work of the server: started once, ends when its task is cancelled. Services stop in the reverse order of their start.
package protocol Service: Sendable {
    var name: String { get }
    func run() async throws
}
