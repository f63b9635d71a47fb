import CSimdJSON
import Synchronization

/// One of simdjson's parsers with its memory; used by one reader at a time and then put on a shelf for the next.
struct JSONParser: @unchecked Sendable {  // passed from thread to thread, never shared
    /// Nesting that every reader here allows at most; simdjson counts one more.
    static let depth = 128
    private static let shelf = Mutex<[JSONParser]>([])
    private static let shelvedMax = 8
    /// A parser that grew beyond this is not kept: it holds up to fifteen times as much memory.
    private static let shelvedCapacity = 1 << 20

    private let raw: OpaquePointer

    /// Nil when there is no memory.
    static func take() -> JSONParser? {
        if let parser = shelf.withLock({ $0.popLast() }) { return parser }
        return jidoka_json_new(depth + 2).map(JSONParser.init(raw:))
    }

    private init(raw: OpaquePointer) { self.raw = raw }

    func giveBack() {
        let keep = jidoka_json_capacity(raw) <= JSONParser.shelvedCapacity
        let kept = JSONParser.shelf.withLock { shelf in
            guard keep, shelf.count < JSONParser.shelvedMax else { return false }
            shelf.append(self)
            return true
        }
        if !kept { jidoka_json_free(raw) }
    }

    /// False for anything but one strict JSON text.
    func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return false }
        return jidoka_json_parse(raw, start, bytes.count) == 0
    }

    /// What was parsed last; gone with the next `parse` or `giveBack`.
    var tape: JSONTape { JSONTape(words: jidoka_json_tape(raw), strings: jidoka_json_strings(raw)) }
}
