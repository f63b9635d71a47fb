import Synchronization

/// A value that is taken once.
final class OneShot<Value: Sendable>: Sendable {
    private let kept: Mutex<Value?>
    init(_ value: Value) { kept = Mutex(value) }
    func take() -> Value? {
        kept.withLock { kept in
            defer { kept = nil }
            return kept
        }
    }
}
