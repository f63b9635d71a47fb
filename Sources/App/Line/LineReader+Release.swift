import Clockwork
import ContinuousTraining
import Errors
import Rollouts
import YAML

/// The half of the file that says what happens to a model: gate, endpoint, monitor, alerts, policy.
extension LineReader {
    func gate(_ node: YAMLNode, _ data: [DataDeclaration]) throws -> GateDeclaration {
        var checks = node
        var place = node
        var dataset = data.first { $0.holdout > 0 } ?? data.first
        if node.items == nil {
            try node.refuseUnknownKeys(known: LineKeys.gate, in: "`gate`")
            checks = try node.require("checks", of: "`gate`")
            if let named = node["data"] {
                let name = try named.requireText("`gate.data`")
                guard let declared = data.first(where: { $0.name == name }) else {
                    let near = nearestName(to: name, among: data.map(\.name))
                    throw named.failure(
                        "`gate.data` names `\(name)`, which `data` does not declare",
                        hint: near.map { "did you mean `\($0)`?" } ?? "declare it under `data`")
                }
                dataset = declared
                place = named
            }
        }
        guard let dataset else {
            throw node.failure("a gate needs data to judge on", hint: "declare a dataset with `holdout` under `data`")
        }
        guard dataset.holdout > 0, dataset.label != nil else {
            throw place.failure(
                "the gate judges on dataset `\(dataset.name)`, which has no `\(dataset.label == nil ? "label" : "holdout")`",
                hint: dataset.label == nil ? "add `label: COLUMN` to it" : "add `holdout: 0.2` to it: rows that training never sees")
        }
        return GateDeclaration(data: dataset.name, checks: try checks.requireItems("`gate`").map(check))
    }

    private func check(_ node: YAMLNode) throws -> CheckDeclaration {
        try node.refuseUnknownKeys(known: LineKeys.check, in: "a check")
        if let limit = node["latency_p99_ms"] {
            try node.refuseUnknownKeys(known: ["latency_p99_ms"], in: "a check of the latency")
            return .latencyP99(milliseconds: try limit.requireDouble("`latency_p99_ms`", in: 0...1e7))
        }
        let metric = try metric(node.require("metric", of: "a check"))
        if let slices = node["slices"] {
            try node.refuseUnknownKeys(known: ["metric", "slices", "max_gap"], in: "a check on slices")
            return .slices(
                columns: try slices.requireItems("`slices`").map { try $0.requireText("a slice") }, metric: metric,
                maxGap: try node.require("max_gap", of: "a check on slices").requireDouble("`max_gap`", in: 0...1e9))
        }
        if let rival = node["better_than"] {
            try node.refuseUnknownKeys(known: ["metric", "better_than", "by"], in: "a check against the champion")
            guard try rival.requireText("`better_than`") == "champion" else {
                throw rival.failure("`better_than` knows only `champion`", hint: "write `better_than: champion`")
            }
            return .betterThanChampion(metric: metric, by: try node["by"]?.requireDouble("`by`") ?? 0)
        }
        if let limit = node["min"] {
            try node.refuseUnknownKeys(known: ["metric", "min"], in: "a check with `min`")
            return .atLeast(metric: metric, min: try limit.requireDouble("`min`"))
        }
        if let limit = node["max"] {
            try node.refuseUnknownKeys(known: ["metric", "max"], in: "a check with `max`")
            return .atMost(metric: metric, max: try limit.requireDouble("`max`"))
        }
        throw node.failure("the check on `\(metric)` has no condition", hint: "add `min`, `max`, `better_than` or `slices` with `max_gap`")
    }

    private func metric(_ node: YAMLNode) throws -> String {
        let name = try node.requireText("`metric`")
        guard LineKeys.metrics.contains(name) else { throw unknown("metric", name, LineKeys.metrics, at: node) }
        return name
    }

    /// The error for a word outside a list, with the nearest one.
    private func unknown(_ what: String, _ name: String, _ known: [String], at node: YAMLNode) -> JidokaError {
        let list = known.count > 12 ? "docs/format/events.md lists them" : "known: \(known.joined(separator: ", "))"
        return node.failure("unknown \(what) `\(name)`", hint: nearestName(to: name, among: known).map { "did you mean `\($0)`?" } ?? list)
    }

    /// One event or a list of them; `drift` is short for `drift.confirmed`.
    private func events(_ node: YAMLNode, known: [String]) throws -> [String] {
        try (node.items ?? [node]).map { item in
            let name = try item.requireText("`on`")
            let event = name == "drift" ? "drift.confirmed" : name
            guard known.contains(event) else { throw unknown("event", name, known, at: item) }
            return event
        }
    }

    func endpoint(_ node: YAMLNode) throws -> EndpointDeclaration {
        try node.refuseUnknownKeys(known: LineKeys.endpoint, in: "`endpoint`")
        let batch = node["batch"]
        try batch?.refuseUnknownKeys(known: LineKeys.batch, in: "`batch`")
        return EndpointDeclaration(
            name: try endpointName(node.require("name", of: "`endpoint`")),
            batchMax: Int(try batch?["max"]?.requireInt("`max`", in: 1...65_536) ?? 64),
            batchDelay: .microseconds(try batch?["delay_us"]?.requireInt("`delay_us`", in: 0...10_000_000) ?? 0),
            rollout: try node["rollout"].map(rolloutPlan) ?? RolloutPlan())
    }

    /// It stands in URLs, as one segment.
    private func endpointName(_ node: YAMLNode) throws -> String {
        let name = try node.requireText("`name`")
        try checkName(YAMLEntry(key: name, keyMark: node.mark, value: node), "an endpoint")
        return name
    }

    private func rolloutPlan(_ node: YAMLNode) throws -> RolloutPlan {
        try node.refuseUnknownKeys(known: LineKeys.rollout, in: "`rollout`")
        if let other = node["min_effect"], node["margin"] != nil {
            throw other.failure("`min_effect` is another name of `margin`", hint: "keep `margin`")
        }
        var plan = RolloutPlan()
        if let steps = node["canary"] {
            plan.steps = try steps.requireItems("`canary`").map { Int(try $0.requireInt("a canary step", in: 1...100)) }
            guard !plan.steps.isEmpty, zip(plan.steps, plan.steps.dropFirst()).allSatisfy({ $0 < $1 }) else {
                throw steps.failure("the canary steps must rise", hint: "for example `[10, 50, 100]`")
            }
        }
        if let guards = node["guard"] {
            plan.guards = Set(
                try guards.requireItems("`guard`").map { item in
                    let name = try item.requireText("a guard")
                    guard let known = RolloutPlan.Guard(rawValue: name) else {
                        throw item.failure("unknown guard `\(name)`", hint: "known are `error_rate` and `latency_p99`")
                    }
                    return known
                })
        }
        if let goal = node["goal"], try goal.requireText("`goal`") != "accuracy" {
            throw goal.failure("the only goal of a rollout is `accuracy` so far", hint: "write `goal: accuracy`")
        }
        plan.margin = try (node["margin"] ?? node["min_effect"])?.requireDouble("`margin`", in: 0.0001...1) ?? plan.margin
        plan.labelsMin = Int(try node["min_labels"]?.requireInt("`min_labels`", in: 1...10_000_000) ?? Int64(plan.labelsMin))
        plan.alpha = try node["alpha"]?.requireDouble("`alpha`", in: 0.000001...0.5) ?? plan.alpha
        plan.bakeRequests = Int(try node["bake_requests"]?.requireInt("`bake_requests`", in: 0...10_000_000) ?? Int64(plan.bakeRequests))
        plan.patience = try node["patience"].map { try duration(of: $0, "`patience`") } ?? plan.patience
        return plan
    }

    func monitor(_ node: YAMLNode) throws -> MonitorDeclaration {
        try node.refuseUnknownKeys(known: LineKeys.monitor, in: "`monitor`")
        if let reference = node["reference"], try reference.requireText("`reference`") != "training" {
            throw reference.failure("the only reference is `training` so far", hint: "write `reference: training`")
        }
        let window = node["window"]
        try window?.refuseUnknownKeys(known: LineKeys.window, in: "`window`")
        let drift = node["drift"]
        try drift?.refuseUnknownKeys(known: LineKeys.drift, in: "`drift`")
        if let test = drift?["features"], try test.requireText("`features`") != "psi" {
            throw test.failure("the only feature test is `psi` so far", hint: "write `features: psi`")
        }
        let performance = node["performance"]
        try performance?.refuseUnknownKeys(known: LineKeys.performance, in: "`performance`")
        let metric = try performance?["metric"]?.requireText("`metric`") ?? "accuracy"
        guard ["accuracy", "f1"].contains(metric) else {
            throw (performance?["metric"] ?? node).failure("unknown performance metric `\(metric)`", hint: "known are `accuracy` and `f1`")
        }
        return MonitorDeclaration(
            windowRows: Int(try window?["rows"]?.requireInt("`rows`", in: 50...200_000) ?? 5_000),
            driftShare: try drift?["share"]?.requireDouble("`share`", in: 0.0001...1) ?? 0.3,
            persist: Int(try drift?["persist"]?.requireInt("`persist`", in: 1...100) ?? 2), performanceMetric: metric,
            performanceDrop: try performance?["drop"]?.requireDouble("`drop`", in: 0.0001...1) ?? 0.02)
    }

    func alert(_ node: YAMLNode, _ channels: [ChannelDeclaration]) throws -> [AlertDeclaration] {
        try node.refuseUnknownKeys(known: LineKeys.alert, in: "an alert")
        let level = try node["level"]?.requireText("`level`") ?? "P2"
        guard ["P0", "P1", "P2"].contains(level) else {
            throw (node["level"] ?? node).failure("unknown level `\(level)`", hint: "write P0, P1 or P2")
        }
        let to = try (node["to"]?.requireItems("`to`") ?? []).map { item in
            let name = try item.requireText("a channel")
            guard channels.contains(where: { $0.name == name }) else {
                let near = nearestName(to: name, among: channels.map(\.name))
                throw item.failure("no channel `\(name)`", hint: near.map { "did you mean `\($0)`?" } ?? "declare it under `channels`")
            }
            return name
        }
        return try events(node.require("on", of: "an alert"), known: LineKeys.events).map {
            AlertDeclaration(event: $0, level: level, channels: to)
        }
    }

    func channel(_ entry: YAMLEntry) throws -> ChannelDeclaration {
        let what = "channel `\(entry.key)`"
        try checkName(entry, "a channel")
        try entry.value.refuseUnknownKeys(known: LineKeys.channel, in: what)
        let hook = try entry.value.require("webhook", of: what)
        try hook.refuseUnknownKeys(known: LineKeys.webhook, in: "`webhook`")
        return ChannelDeclaration(
            name: entry.key, urlVariable: try hook.require("url_env", of: "`webhook`").requireText("`url_env`"),
            secretVariable: try hook["secret_env"]?.requireText("`secret_env`"))
    }

    func policy(_ node: YAMLNode) throws -> PolicyDeclaration {
        try node.refuseUnknownKeys(known: LineKeys.retrain, in: "a policy")
        let on = try node.require("on", of: "a policy")
        let action = try node.require("do", of: "a policy")
        switch try action.requireText("`do`") {
        case "retrain":
            var policy = RetrainPolicy(triggers: Set(try events(on, known: LineKeys.retrainEvents)))
            policy.rows = Int(try node["rows"]?.requireInt("`rows`", in: 10...10_000_000) ?? Int64(policy.rows))
            policy.cooldown = try node["cooldown"].map { try duration(of: $0, "`cooldown`") } ?? policy.cooldown
            if let budget = node["budget"] { policy.budgetPerDay = try perDay(budget) }
            return .retrain(policy)
        case "rollback":
            try node.refuseUnknownKeys(known: LineKeys.rollback, in: "a policy that rolls back")
            let event = try on.requireText("`on`")
            guard LineKeys.rollbackEvents.contains(event) else { throw unknown("event", event, LineKeys.rollbackEvents, at: on) }
            return .rollBack(on: event)
        case let other: throw unknown("action", other, ["retrain", "rollback"], at: action)
        }
    }

    /// `4/day`.
    private func perDay(_ node: YAMLNode) throws -> Int {
        let words = try node.requireText("`budget`").split(separator: "/")
        guard words.count == 2, words[1] == "day", let count = Int(words[0]), count > 0 else {
            throw node.failure("`budget` must look like `4/day`", hint: "a whole number and `/day`")
        }
        return count
    }
}
