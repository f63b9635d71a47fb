internal import Clockwork
internal import Glibc
import JSON
import Synchronization

/// Lines on standard error: text when it is a terminal, one JSON object a line otherwise.
package struct StandardErrorSink: LogSink {
    private let json: Bool

    package init(json: Bool? = nil) { self.json = json ?? (isatty(STDERR_FILENO) == 0) }

    package func write(_ line: LogLine) {
        var out: [UInt8]
        if json {
            var writer = JSONWriter()
            writer.beginObject()
            writer.key("time")
            writer.value(line.time.rfc3339)
            writer.key("level")
            writer.value(line.level.rawValue)
            writer.key("message")
            writer.value(line.message)
            for (name, value) in line.fields {
                writer.key(name)
                writer.value(value)
            }
            writer.endObject()
            out = writer.bytes
        } else {
            let fields = line.fields.map { " \($0.0)=\($0.1.stringValue ?? $0.1.text)" }.joined()
            out = Array("\(line.time.rfc3339.dropFirst(11).prefix(12)) \(line.level.rawValue) \(line.message)\(fields)".utf8)
        }
        out.append(0x0A)
        _ = Glibc.write(STDERR_FILENO, out, out.count)
    }
}

/// Lines kept in memory, for tests.
package final class MemorySink: LogSink {
    private let kept = Mutex<[LogLine]>([])
    package init() {}
    package func write(_ line: LogLine) { kept.withLock { $0.append(line) } }
    package var lines: [LogLine] { kept.withLock { $0 } }
}
