import CCurl
import Errors
import Synchronization

/// Easy handles at rest, with their open connections. At most `kept` are kept.
final class HandleShelf: Sendable {
    /// One easy handle; whoever took it from the shelf uses it alone.
    struct Handle: @unchecked Sendable {  // passed from thread to thread, never shared
        let raw: UnsafeMutableRawPointer
    }
    private let idle = Mutex<[Handle]>([])
    private static let kept = 16
    private static let initialized = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    deinit { for handle in idle.withLock({ $0 }) { curl_easy_cleanup(handle.raw) } }

    func take() throws -> Handle {
        guard HandleShelf.initialized else { throw JidokaError.internal("libcurl did not start") }
        if let handle = idle.withLock({ $0.popLast() }) { return handle }
        guard let raw = curl_easy_init() else { throw JidokaError.internal("libcurl has no memory") }
        return Handle(raw: raw)
    }

    func give(back handle: Handle) {
        curl_easy_reset(handle.raw)  // keeps connections and names
        let full = idle.withLock { idle in
            if idle.count >= HandleShelf.kept { return true }
            idle.append(handle)
            return false
        }
        if full { curl_easy_cleanup(handle.raw) }
    }
}

/// Raised when the caller's task is cancelled; looked at while a transfer runs.
final class StopFlag: Sendable {
    private let raised = Atomic<Bool>(false)
    func raise() { raised.store(true, ordering: .releasing) }
    var isRaised: Bool { raised.load(ordering: .acquiring) }
}
