extension Command {
    /// A bash script that completes commands, flags and choices; `source <(jidoka completion bash)` turns it on.
    package func bashCompletion() -> String {
        """
        # bash completion for \(name), made from its table of commands
        _\(name)_complete() {
            local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" place="\(name)" index
            for ((index = 1; index < COMP_CWORD; index++)); do
                case "$place ${COMP_WORDS[index]}" in
                    \(places().map(quoted).joined(separator: " | "))) place="$place ${COMP_WORDS[index]}" ;;
                esac
            done
            local choices=""
            case "$place $before" in
        \(choiceLines(path: [name], inherited: []).joined(separator: "\n"))
            esac
            if [[ -z "$choices" ]]; then
                case "$place" in
        \(wordLines(path: [name], inherited: []).joined(separator: "\n"))
                esac
            fi
            COMPREPLY=($(compgen -W "$choices" -- "$word"))
        }
        complete -o default -F _\(name)_complete \(name)

        """
    }

    /// `jidoka data`, `jidoka data add`, ...
    private func places(below path: [String] = []) -> [String] {
        let here = path + [name]
        return (path.isEmpty ? [] : [here.joined(separator: " ")]) + subcommands.flatMap { $0.places(below: here) }
    }

    private func quoted(_ text: String) -> String { "\"\(text)\"" }

    private func wordLines(path: [String], inherited: [Flag]) -> [String] {
        let scope = inherited + flags
        let words = subcommands.map(\.name) + scope.map { "--" + $0.name } + ["--help"]
        let line = "            \(quoted(path.joined(separator: " ")))) choices=\(quoted(words.joined(separator: " "))) ;;"
        return [line] + subcommands.flatMap { $0.wordLines(path: path + [$0.name], inherited: scope) }
    }

    private func choiceLines(path: [String], inherited: [Flag]) -> [String] {
        let scope = inherited + flags
        let lines: [String] = scope.compactMap { flag in
            guard case .choice(let names) = flag.kind else { return nil }
            let place = (path + ["--" + flag.name]).joined(separator: " ")
            return "        \(quoted(place))) choices=\(quoted(names.joined(separator: " "))) ;;"
        }
        return lines + subcommands.flatMap { $0.choiceLines(path: path + [$0.name], inherited: scope) }
    }
}
