import CommandLine
import JSON

/// `jidoka monitor …`: drift and performance.
enum MonitorCommand {
    static func command(_ context: CommandContext) -> Command {
        Command(
            "monitor", "drift and performance of an endpoint",
            subcommands: [
                show(context), hold("hold", "start no retrain of this endpoint until released", context),
                hold("release", "let retrains start again", context),
            ])
    }

    private static let endpoint = Positional("endpoint", "the endpoint")

    private static func show(_ context: CommandContext) -> Command {
        Command(
            "show", "show the state, the features' drift in the newest window, and the performance of the newest windows",
            flags: [
                Flag("html", value: "FILE", "also write the report as one self-contained page"),
                .int("windows", in: 1...1_000, default: 10, "how many windows are listed"),
            ], positionals: [endpoint]
        ) { values, console in
            let api = context.api(values)
            let path = ["monitors", values.argument("endpoint")]
            let monitor = try await api.get(path)
            if values.isOn("json") {
                console.line(monitor.text)
            } else {
                let windows = try await api.get(path + ["windows"], [("limit", String(values.int("windows")))])
                console.write(MonitorText.described(monitor, windows.arrayValue ?? [], console))
            }
            if let file = values.optionalString("html") {
                try await api.download(path + ["report.html"], to: context.absolute(file))
                if !values.isOn("json") { console.line("\nreport: \(file)") }
            }
            return .ok
        }
    }

    private static func hold(_ verb: String, _ help: String, _ context: CommandContext) -> Command {
        Command(verb, help, flags: [Flag("reason", .string, "why, for the record")], positionals: [endpoint]) { values, console in
            guard let reason = requiredReason(values, console, "jidoka monitor \(verb) ENDPOINT --reason TEXT") else { return .usage }
            let loop = try await context.api(values).post(["training", values.argument("endpoint"), verb], ["reason": .string(reason)])
            console.show(loop, values) { "retrains of \($0.cell("endpoint")) are \($0.flag("held") ? "held" : "allowed")\n" }
            return .ok
        }
    }
}

/// Monitors and windows as text.
enum MonitorText {
    static func described(_ monitor: JSONValue, _ windows: [JSONValue], _ console: any Console) -> String {
        var text = facts(monitor, console)
        if let newest = windows.first {
            text +=
                "\nfeatures in window \(newest.cell("window")) against \(newest["reference"]?.count("rows") ?? "") rows of the reference\n"
            text += features(newest, console)
        }
        return text + "\n" + self.windows(windows, console)
    }

    private static func facts(_ monitor: JSONValue, _ console: any Console) -> String {
        let settings = monitor["settings"] ?? .null
        let phase = monitor.string("phase")
        var facts = [
            ("endpoint", monitor.cell("endpoint")),
            ("state", console.styled(phase, phase == "watching" ? .green : phase == "confirmed" ? .red : .yellow)),
            ("champion", monitor.cell("champion")),
            (
                "drift",
                "\(settings.percent("drift_share")) of the features, \(settings.cell("persist")) windows of "
                    + "\(settings.count("window_rows")) rows in a row"
            ),
        ]
        if let obstacle = monitor.at("obstacle") { facts.append(("obstacle", obstacle.cell)) }
        if let training = monitor.at("training") {
            let phase = training.at("phase", "name")?.cell ?? JSONValue.absent
            facts.append(("retraining", training.flag("held") ? "\(phase), held: \(training.cell("reason"))" : phase))
        }
        return factsText(facts)
    }

    /// The most drifted feature first.
    private static func features(_ window: JSONValue, _ console: any Console) -> String {
        let sorted = window.list("features").sorted {
            ($0["psi_corrected"]?.doubleValue ?? -.infinity) > ($1["psi_corrected"]?.doubleValue ?? -.infinity)
        }
        let rows = sorted.map { feature in
            [
                feature.cell("name"), decimals(feature["psi"]), decimals(feature["psi_corrected"]), verdict(feature, console),
                feature.cell("test"), feature.cell("adjusted_p"), feature["missing_share"]?.percent("current") ?? JSONValue.absent,
            ]
        }
        let titles: [Table.Column] = [
            .left("feature"), .right("PSI"), .right("corrected"), .left("verdict"), .left("test"), .right("adjusted p"), .right("missing"),
        ]
        return tableText(titles, rows, empty: "no feature was judged")
    }

    private static func verdict(_ feature: JSONValue, _ console: any Console) -> String {
        let word = feature.cell("verdict")
        if feature.flag("drifted") { return console.styled("\(word), drifted", .red) }
        return word == "stable" ? console.styled(word, .green) : word
    }

    private static func windows(_ windows: [JSONValue], _ console: any Console) -> String {
        let rows = windows.map { window in
            let performance = window["performance"] ?? .null
            return [
                window.cell("window"), "\(window.clock("from")) to \(window.clock("to").dropFirst(11))", window.cell("champion"),
                window.percent("drifted_share"), window.flag("drifted") ? console.styled("drifted", .red) : "calm",
                decimals(performance.at("metrics", "accuracy")), decimals(performance.at("metrics", "f1")), performance.percent("coverage"),
            ]
        }
        let titles: [Table.Column] = [
            .right("window"), .left("time"), .left("champion"), .right("drifted"), .left("verdict"), .right("accuracy"), .right("f1"),
            .right("labelled"),
        ]
        return tableText(titles, rows, empty: "no window was evaluated yet")
    }

    /// Four of them, so that columns of figures line up.
    private static func decimals(_ value: JSONValue?) -> String { value?.doubleValue.map { HumanText.fixed($0, 4) } ?? JSONValue.absent }
}
