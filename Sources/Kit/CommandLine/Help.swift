extension Command {
    /// `jidoka data add [flags] NAME PATH`
    package func usageLine(path: [String]) -> String {
        var words = path
        if !flags.isEmpty { words.append("[flags]") }
        if !subcommands.isEmpty { words.append("COMMAND") }
        return (words + positionals.map(\.usage)).joined(separator: " ")
    }

    /// The text of `--help`, at most `width` columns wide.
    package func helpText(path: [String], inherited: [Flag] = [], width: Int = 100) -> String {
        var sections = ["\(path.joined(separator: " ")): \(help)", "usage: \(usageLine(path: path))"]
        if !details.isEmpty { sections.append(details) }
        if !subcommands.isEmpty { sections.append(HelpList.render("commands", subcommands.map { ($0.name, $0.help) }, width: width)) }
        if !positionals.isEmpty {
            sections.append(HelpList.render("arguments", positionals.map { ($0.name.uppercased(), $0.help) }, width: width))
        }
        if !flags.isEmpty { sections.append(HelpList.render("flags", flags.map { ($0.signature, $0.fullHelp) }, width: width)) }
        let general = inherited.map { ($0.signature, $0.fullHelp) } + [("-h, --help", "show this text")]
        sections.append(HelpList.render(flags.isEmpty ? "flags" : "general flags", general, width: width))
        if !subcommands.isEmpty { sections.append("`\(path.joined(separator: " ")) COMMAND --help` tells more about a command.") }
        return sections.joined(separator: "\n\n") + "\n"
    }

    /// Every command below this one as a Markdown page: the command-line reference.
    package func markdown(path: [String] = []) -> String {
        let path = path + [name]
        var out = "\(String(repeating: "#", count: min(path.count, 4))) `\(path.joined(separator: " "))`\n\n\(help)\n"
        if !details.isEmpty { out += "\n\(details)\n" }
        if body != nil { out += "\n    \(usageLine(path: path))\n" }
        let rows = positionals.map { ($0.name.uppercased(), $0.help) } + flags.map { ($0.signature, $0.fullHelp) }
        if !rows.isEmpty { out += "\n| | |\n| --- | --- |\n" }
        for (name, help) in rows { out += "| `\(name.escapingBars)` | \(help.escapingBars) |\n" }
        for command in subcommands { out += "\n" + command.markdown(path: path) }
        return out
    }
}

extension Flag {
    /// `-p, --port N`
    var signature: String {
        let long = kind == .toggle ? "--\(name)" : "--\(name) \(valueName)"
        return short.map { "-\($0), \(long)" } ?? long
    }

    /// The help with the default, the range and the environment variable.
    var fullHelp: String {
        var notes: [String] = []
        if case .int(let range) = kind, range.lowerBound != .min || range.upperBound != .max {
            notes.append(range.upperBound == .max ? "at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)")
        }
        if kind == .strings { notes.append("may be repeated") }
        if let defaultText { notes.append("default \(defaultText)") }
        if let environment { notes.append("environment \(environment)") }
        return notes.isEmpty ? help : "\(help) (\(notes.joined(separator: ", ")))"
    }
}

/// Two columns: names, and wrapped text beside them.
enum HelpList {
    private static let nameWidthMax = 32

    static func render(_ title: String, _ rows: [(name: String, text: String)], width: Int) -> String {
        let nameWidth = min(nameWidthMax, rows.map(\.name.count).max() ?? 0)
        let indent = String(repeating: " ", count: nameWidth + 4)
        var lines = ["\(title):"]
        for (name, text) in rows {
            let wrapped = wrap(text, width: max(20, width - indent.count))
            if name.count > nameWidth {
                lines.append("  \(name)")
                lines += wrapped.map { indent + $0 }
            } else {
                let padding = String(repeating: " ", count: nameWidth - name.count + 2)
                lines.append("  \(name)\(padding)\(wrapped.first ?? "")")
                lines += wrapped.dropFirst().map { indent + $0 }
            }
        }
        return lines.joined(separator: "\n")
    }

    static func wrap(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " \(word)"
        }
        return line.isEmpty ? lines : lines + [line]
    }
}

extension String {
    fileprivate var escapingBars: String { split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|") }
}
