import Synchronization

/// What a reader leaves behind, gathered while it reads; at most `most` are kept word for word.
final class Remarks: Sendable {
    private static let most = 1_000
    private let all = Mutex<[String]>([])

    func add(_ text: String) {
        all.withLock { all in
            if all.count < Remarks.most, !all.contains(text) { all.append(text) }
        }
    }

    var list: [String] { all.withLock { $0 } }
}
