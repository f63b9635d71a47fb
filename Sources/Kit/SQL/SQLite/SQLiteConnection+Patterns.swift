internal import CSQLite
import Filters

extension SQLiteConnection {
    /// Makes `text REGEXP pattern` mean `TextPattern`. A pattern that cannot be read matches nothing; NULL matches nothing.
    static func addPatterns(to handle: OpaquePointer) -> Int32 {
        sqlite3_create_function_v2(handle, "regexp", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nil, matchPattern, nil, nil, nil)
    }
}

/// A pattern that SQLite keeps for one statement.
private final class KeptPattern {
    let pattern: TextPattern?
    init(_ text: String) { pattern = try? TextPattern(text) }
}

private let matchPattern: @convention(c) (OpaquePointer?, Int32, UnsafeMutablePointer<OpaquePointer?>?) -> Void = { context, _, values in
    guard let values, let pattern = text(values[0]), let subject = text(values[1]) else { return sqlite3_result_int(context, 0) }
    let kept: KeptPattern
    if let known = sqlite3_get_auxdata(context, 0) {
        kept = Unmanaged<KeptPattern>.fromOpaque(known).takeUnretainedValue()
    } else {
        kept = KeptPattern(pattern)
        sqlite3_set_auxdata(context, 0, Unmanaged.passRetained(kept).toOpaque()) { Unmanaged<KeptPattern>.fromOpaque($0!).release() }
    }
    sqlite3_result_int(context, kept.pattern?.isFound(in: subject) == true ? 1 : 0)
}

private func text(_ value: OpaquePointer?) -> String? {
    guard let start = sqlite3_value_text(value) else { return nil }
    return String(decoding: UnsafeBufferPointer(start: start, count: Int(sqlite3_value_bytes(value))), as: UTF8.self)
}
