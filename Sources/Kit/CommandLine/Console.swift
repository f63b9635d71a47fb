internal import Glibc
import Synchronization

/// Where a command writes: standard output for results, standard error for progress and complaints.
package protocol Console: Sendable {
    var outputIsTerminal: Bool { get }
    var errorIsTerminal: Bool { get }
    /// Columns of the terminal; 100 when there is none.
    var width: Int { get }
    func write(_ text: String)
    func writeError(_ text: String)
}

extension Console {
    package func line(_ text: String = "") { write(text + "\n") }
    package func errorLine(_ text: String = "") { writeError(text + "\n") }

    /// The text in a colour when standard output is a terminal, plain otherwise.
    package func styled(_ text: String, _ style: Style) -> String {
        outputIsTerminal ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }
}

/// The few styles in use, by their ANSI code.
package enum Style: Int, Sendable {
    case bold = 1
    case dim = 2
    case red = 31
    case green = 32
    case yellow = 33
}

/// The process's own standard output and standard error.
package struct ProcessConsole: Console {
    package let outputIsTerminal: Bool
    package let errorIsTerminal: Bool

    /// `NO_COLOR` (no-color.org) and `TERM=dumb` make it behave as if it were no terminal.
    package init(environment: [String: String]) {
        let plain = environment["NO_COLOR"]?.isEmpty == false || environment["TERM"] == "dumb"
        outputIsTerminal = !plain && isatty(STDOUT_FILENO) == 1
        errorIsTerminal = !plain && isatty(STDERR_FILENO) == 1
    }

    package var width: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 100 }
        return Int(size.ws_col)
    }

    package func write(_ text: String) { ProcessConsole.write(text, to: STDOUT_FILENO) }
    package func writeError(_ text: String) { ProcessConsole.write(text, to: STDERR_FILENO) }

    /// Writes all bytes; what a closed pipe no longer takes is dropped, since nobody is there to read it.
    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
                if count > 0 { done += count } else if errno != EINTR { return }
            }
        }
    }
}

/// Text kept in memory, for tests of commands.
package final class MemoryConsole: Console {
    private let texts = Mutex((output: "", error: ""))
    package let outputIsTerminal: Bool
    package let errorIsTerminal: Bool
    package let width: Int

    package init(isTerminal: Bool = false, width: Int = 100) {
        outputIsTerminal = isTerminal
        errorIsTerminal = isTerminal
        self.width = width
    }

    package func write(_ text: String) { texts.withLock { $0.output += text } }
    package func writeError(_ text: String) { texts.withLock { $0.error += text } }

    package var output: String { texts.withLock { $0.output } }
    package var error: String { texts.withLock { $0.error } }
}
