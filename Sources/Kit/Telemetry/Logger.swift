package import Clockwork
package import JSON

/// Levels: debug (decisions), info (life cycle, one line a request), notice (an operator may act), warning (degraded), error (we failed).
package enum LogLevel: String, Sendable, CaseIterable, Comparable {
    case debug, info, notice, warning, error
    private var rank: Int { LogLevel.allCases.firstIndex(of: self) ?? 0 }
    package static func < (a: LogLevel, b: LogLevel) -> Bool { a.rank < b.rank }
}

/// One line of the log, before a sink gives it a form.
package struct LogLine: Sendable {
    package var time: Timestamp
    package var level: LogLevel
    /// A fixed lower-case phrase; data goes in `fields`.
    package var message: String
    package var fields: [(String, JSONValue)]
}

/// Where lines go: text on a terminal, JSON lines otherwise, memory in tests.
package protocol LogSink: Sendable {
    func write(_ line: LogLine)
}

/// A value that is passed in; copy it with `with` to add fields such as `request_id`.
package struct Logger: Sendable {
    package var level: LogLevel
    private var fields: [(String, JSONValue)] = []
    private let sink: any LogSink
    private let time: any TimeSource

    package init(level: LogLevel = .info, sink: any LogSink, time: any TimeSource = SystemTime()) {
        self.level = level
        self.sink = sink
        self.time = time
    }

    package func with(_ name: String, _ value: JSONValue) -> Logger {
        var copy = self
        copy.fields.append((name, value))
        return copy
    }

    package func debug(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [(String, JSONValue)] = []) {
        log(.debug, message, fields)
    }
    package func info(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [(String, JSONValue)] = []) {
        log(.info, message, fields)
    }
    package func notice(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [(String, JSONValue)] = []) {
        log(.notice, message, fields)
    }
    package func warning(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [(String, JSONValue)] = []) {
        log(.warning, message, fields)
    }
    package func error(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [(String, JSONValue)] = []) {
        log(.error, message, fields)
    }

    private func log(_ level: LogLevel, _ message: () -> String, _ fields: () -> [(String, JSONValue)]) {
        guard level >= self.level else { return }
        sink.write(LogLine(time: time.now(), level: level, message: message(), fields: self.fields + fields()))
    }
}
