import JSON
import Clockwork
import ContinuousTraining
import Errors
import Foundation
import Pipelines
import Rollouts
import Testing

@testable import Line

/// The files of one project, in memory.
private func read(_ files: [String: String]) throws -> Line {
    try LineReader { path in
        guard let text = files[path] else { throw JidokaError.notFound("`\(path)` cannot be read") }
        return Array(text.utf8)
    }.read()
}

private func read(_ text: String) throws -> Line { try read(["jidoka.yaml": text]) }

let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

struct LineReaderTests {
    @Test func `the example's line reads as it is meant`() throws {
        let folder = repository.appendingPathComponent("Examples/employment")
        let line = try LineReader { Array(try Data(contentsOf: folder.appendingPathComponent($0))) }.read()
        #expect(line.name == "employment")
        let data = try #require(line.data.first)
        #expect(line.data.count == 1)
        #expect(data.path == "data/census-2015.parquet")
        #expect(data.time == "year")
        #expect(data.key == "id")
        #expect(data.label == "employed")
        #expect(data.holdout == 0.2)
        #expect(data.expectations.count == 24)
        #expect(data.expectations[2].name == "column_type")
        #expect(data.expectations[2].arguments == ["column": "AGEP", "type": "number"])
        #expect(data.expectations[2].place == "expectations/census.yaml:9:3")
        let pipeline = try #require(line.pipeline)
        #expect(pipeline.params == ["trees": "60", "depth": "3"])
        #expect(pipeline.steps.map(\.name) == ["check", "train"])
        #expect(pipeline.steps[1].needs == ["check"])
        #expect(pipeline.steps[1].inputs == ["train.py"])
        #expect(pipeline.steps[1].cache)
        #expect(pipeline.steps[1].retries == 1)
        #expect(pipeline.steps[1].timeout == .seconds(600))
        #expect(line.triggers == [.drift(endpoint: "employment")])
        #expect(line.model == "employment")
        #expect(line.gate?.data == "census")
        #expect(
            line.gate?.checks == [
                .atLeast(metric: "accuracy", min: 0.6), .atLeast(metric: "f1", min: 0.55), .betterThanChampion(metric: "accuracy", by: 0),
                .slices(columns: ["SEX"], metric: "accuracy", maxGap: 0.1), .latencyP99(milliseconds: 50),
            ])
        #expect(line.endpoint?.name == "employment")
        #expect(line.endpoint?.batchMax == 64)
        #expect(line.endpoint?.batchDelay == .microseconds(100))
        #expect(line.endpoint?.rollout.steps == [10, 50, 100])
        #expect(line.endpoint?.rollout.labelsMin == 300)
        #expect(line.monitor?.windowRows == 2_000)
        #expect(line.monitor?.driftShare == 0.2)
        #expect(line.alerts == [AlertDeclaration(event: "drift.confirmed", level: "P1", channels: ["hook"])])
        #expect(
            line.channels
                == [ChannelDeclaration(name: "hook", urlVariable: "JIDOKA_WEBHOOK_URL", secretVariable: "JIDOKA_WEBHOOK_SECRET")])
        #expect(
            line.policies == [
                .retrain(RetrainPolicy(triggers: ["drift.confirmed"], rows: 6_000, cooldown: .seconds(6 * 3_600), budgetPerDay: 4)),
                .rollBack(on: "rollout.harm_detected"),
            ])
    }

    @Test func `what is left out has its default`() throws {
        let line = try read(
            """
            line: l
            data: {d: {path: d.csv, label: y, holdout: 0.1}}
            pipeline: {steps: {train: {run: python train.py}}}
            model: m
            gate: [{metric: f1, max: 0.9}]
            endpoint: {name: e}
            monitor: {}
            policy: [{on: [drift, performance.dropped], do: retrain}]
            alerts: [{on: gate.failed}]
            """)
        let step = try #require(line.pipeline?.steps.first)
        #expect(step.needs.isEmpty && step.inputs.isEmpty && !step.cache && step.retries == 0 && step.timeout == .seconds(3_600))
        #expect(line.gate == GateDeclaration(data: "d", checks: [.atMost(metric: "f1", max: 0.9)]))
        #expect(line.endpoint?.batchMax == 64)
        #expect(line.endpoint?.batchDelay == .zero)
        #expect(line.endpoint?.rollout == RolloutPlan())
        #expect(
            line.monitor
                == MonitorDeclaration(windowRows: 5_000, driftShare: 0.3, persist: 2, performanceMetric: "accuracy", performanceDrop: 0.02))
        #expect(line.policies == [.retrain(RetrainPolicy(triggers: ["drift.confirmed", "performance.dropped"]))])
        #expect(line.alerts == [AlertDeclaration(event: "gate.failed", level: "P2", channels: [])])
    }

    @Test func `a line of one word is a line`() throws {
        let line = try read("line: tracking-only")
        #expect(line.data.isEmpty)
        #expect(line.pipeline == nil)
        #expect(line.endpoint == nil)
    }

    @Test func `params keep the text that they were written as`() throws {
        let line = try read(
            "line: l\nparams: {a: 1.10, b: true, c: 'x y', d: 007}\npipeline: {steps: {s: {run: 'echo ${params.c} ${run.id}'}}}")
        #expect(line.pipeline?.params == ["a": "1.10", "b": "true", "c": "x y", "d": "007"])
    }

    @Test func `a mistake in a suite names the suite's own line`() throws {
        let files = [
            "jidoka.yaml": "line: l\ndata: {d: {path: d.csv, expect: e.yaml}}", "e.yaml": "- {expect: not_null, column: x}\n- {column: y}",
        ]
        let error = #expect(throws: JidokaError.self) { try read(files) }
        #expect(error?.message == "e.yaml:2:3: an expectation has no `expect`")
    }

    @Test func `a file that is not there is named`() {
        #expect(#expect(throws: JidokaError.self) { try read([:]) }?.code == .notFound)
        let error = #expect(throws: JidokaError.self) { try read("line: l\ndata: {d: {path: d.csv, expect: none.yaml}}") }
        #expect(error?.message == "`none.yaml` cannot be read")
    }
}

/// A file with one mistake: what the reader says of it.
struct Mistake: Sendable, CustomTestStringConvertible {
    var text: String
    /// Where, and the beginning of what.
    var says: String
    var hint: String

    init(_ text: String, _ says: String, _ hint: String) {
        self.text = text
        self.says = says
        self.hint = hint
    }

    var testDescription: String { says }
}

/// A whole line up to the part that a mistake is in.
private let base = """
    line: l
    data: {d: {path: d.csv, label: y, holdout: 0.1}}
    pipeline: {steps: {train: {run: python train.py}}}
    model: m
    endpoint: {name: e}

    """

private let structure: [Mistake] = [
    Mistake("", "jidoka.yaml:1:1: the line must be a mapping, not nothing", "write `key: value`"),
    Mistake("data: {}", "jidoka.yaml:1:1: the line has no `line`", "add `line: ...`"),
    Mistake("line: l\npipelin: {}", "jidoka.yaml:2:1: the line has no key `pipelin`", "did you mean `pipeline`?"),
    Mistake("line: l\nxyzzy: 1", "jidoka.yaml:2:1: the line has no key `xyzzy`", "known keys: `line`"),
    Mistake("line: l\nline: m", "jidoka.yaml:2:1: the key `line` is already given on line 1", "keep one"),
    Mistake("line: l\ndata: [", "jidoka.yaml:", ""),
    Mistake("line: l\nendpoint: {name: e}", "jidoka.yaml:1:1: `endpoint` is declared, but no `model`", "add `model: NAME`"),
    Mistake("line: l\nmonitor: {}", "jidoka.yaml:1:1: `monitor` is declared, but no `endpoint`", "add `endpoint"),
    Mistake("line: l\nmodel: a/b", "jidoka.yaml:2:8: `a/b` cannot be the name of a registered model", "not allowed"),
    Mistake("line: l\nmodel: m\nendpoint: {name: a b}", "jidoka.yaml:3:18: `a b` cannot be the name of an endpoint", "letters, digits"),
]

private let data: [Mistake] = [
    Mistake("line: l\ndata: {d: {time: t}}", "jidoka.yaml:2:11: data `d` has no `path`", "add `path"),
    Mistake("line: l\ndata: {d: {path: /etc/passwd}}", "jidoka.yaml:2:18: data `d`: `path` must lie inside", "relative to jidoka.yaml"),
    Mistake("line: l\ndata: {d: {path: a/../../b}}", "jidoka.yaml:2:18: data `d`: `path` must lie inside", "relative to jidoka.yaml"),
    Mistake("line: l\ndata: {d: {path: d, expect: ../e.yaml}}", "jidoka.yaml:2:29: data `d`: `expect` must lie inside", "relative"),
    Mistake("line: l\ndata: {d: {path: d, holdout: 1.5}}", "jidoka.yaml:2:30: `holdout` is 1.5, outside 0.0...0.9", "in that range"),
    Mistake("line: l\ndata: {d: {path: d, holdout: lots}}", "jidoka.yaml:2:30: `holdout` must be a number, not a text", "without quotes"),
    Mistake("line: l\ndata: {d: {path: d, lable: y}}", "jidoka.yaml:2:21: data `d` has no key `lable`", "did you mean `label`?"),
    Mistake("line: l\ndata: {d.x: {path: d}}", "jidoka.yaml:2:8: `d.x` cannot be the name of a dataset", "letters, digits"),
    Mistake("line: l\ndata: [d]", "jidoka.yaml:2:7: `data` must be a mapping, not a list", "`key: value`"),
]

private let pipeline: [Mistake] = [
    Mistake("line: l\npipeline: {steps: {}}", "jidoka.yaml:2:19: the pipeline has no step", "add one"),
    Mistake("line: l\npipeline: {steps: {s: {}}}", "jidoka.yaml:2:23: step `s` has no `run`", "add `run"),
    Mistake("line: l\npipeline: {steps: {s: {runs: x}}}", "jidoka.yaml:2:24: step `s` has no key `runs`", "did you mean `run`?"),
    Mistake("line: l\npipeline: {steps: {../s: {run: x}}}", "jidoka.yaml:2:20: `../s` cannot be the name of a step", "letters, digits"),
    Mistake("line: l\npipeline: {steps: {s: {run: 'a \"b'}}}", "jidoka.yaml:2:29: step `s`: a quote is not closed", ""),
    Mistake(
        "line: l\nparams: {trees: 1}\npipeline:\n  steps:\n    s: {run: 'x ${params.tree}'}",
        "jidoka.yaml:5:14: step `s`: `${params.tree}` is not known", "did you mean `${params.trees}`?"),
    Mistake("line: l\npipeline: {steps: {s: {run: 'x ${data.d}'}}}", "jidoka.yaml:2:29: step `s`: `${data.d}` is not known", ""),
    Mistake(
        "line: l\npipeline: {steps: {train: {run: x}, eval: {run: x, needs: [trian]}}}",
        "jidoka.yaml:2:60: step `eval` needs `trian`, which is no step", "did you mean `train`?"),
    Mistake(
        "line: l\npipeline: {steps: {a: {run: x, needs: [b]}, b: {run: x, needs: [a]}}}",
        "jidoka.yaml:2:11: the steps `a`, `b` need each other in a circle", ""),
    Mistake("line: l\npipeline: {steps: {s: {run: x, timeout: 30}}}", "jidoka.yaml:2:41: `timeout`: `30` is not a duration", "a unit"),
    Mistake("line: l\npipeline: {steps: {s: {run: x, timeout: 0}}}", "jidoka.yaml:2:41: `timeout` is zero", "leave it out"),
    Mistake("line: l\npipeline: {steps: {s: {run: x, retries: 101}}}", "jidoka.yaml:2:41: `retries` is 101, outside 0...100", "range"),
    Mistake("line: l\npipeline: {steps: {s: {run: x, cache: yes}}}", "jidoka.yaml:2:39: `cache` must be a boolean, not a text", "`true`"),
    Mistake("line: l\npipeline: {steps: {s: {run: x, inputs: [/x]}}}", "jidoka.yaml:2:41: `inputs` must lie inside", "relative"),
    Mistake(
        "line: l\npipeline: {steps: {s: {run: x}}, triggers: [{schedule: '0 3 * * *'}]}",
        "jidoka.yaml:2:46: the trigger `schedule` is not supported yet", "supported: `drift`"),
    Mistake(
        "line: l\npipeline: {steps: {s: {run: x}}, triggers: [drift]}", "jidoka.yaml:2:45: a trigger must be a mapping", "`key: value`"),
    Mistake(
        base.replacing("train.py}}}", with: "train.py}}, triggers: [{drift: x}]}"),
        "jidoka.yaml:3:71: the line declares no endpoint `x`", ""),
    Mistake("line: l\nparams: {a: [1]}\npipeline: {steps: {s: {run: x}}}", "jidoka.yaml:2:13: param `a` must be a text, not a list", ""),
]

private let gate: [Mistake] = [
    Mistake("line: l\ngate: [{latency_p99_ms: 5}]", "jidoka.yaml:2:7: a gate needs data to judge on", "declare a dataset"),
    Mistake(
        "line: l\ndata: {d: {path: d, label: y}}\ngate: []", "jidoka.yaml:3:7: the gate judges on dataset `d`, which has no `holdout`",
        "add `holdout: 0.2`"),
    Mistake(
        "line: l\ndata: {d: {path: d, holdout: 0.1}}\ngate: []", "jidoka.yaml:3:7: the gate judges on dataset `d`, which has no `label`",
        "COLUMN"),
    Mistake(
        base + "gate: {data: dd, checks: []}", "jidoka.yaml:6:14: `gate.data` names `dd`, which `data` does not declare",
        "did you mean `d`?"),
    Mistake(base + "gate: [{metric: auroc, min: 1}]", "jidoka.yaml:6:17: unknown metric `auroc`", "known: accuracy"),
    Mistake(base + "gate: [{metric: f1}]", "jidoka.yaml:6:8: the check on `f1` has no condition", "add `min`"),
    Mistake(base + "gate: [{metric: f1, min: 0, max: 1}]", "jidoka.yaml:6:29: a check with `min` has no key `max`", ""),
    Mistake(base + "gate: [{metric: f1, better_than: last}]", "jidoka.yaml:6:34: `better_than` knows only `champion`", "write"),
    Mistake(base + "gate: [{metric: f1, slices: [SEX]}]", "jidoka.yaml:6:8: a check on slices has no `max_gap`", "add `max_gap"),
    Mistake(base + "gate: [{metric: f1, latency_p99_ms: 3}]", "jidoka.yaml:6:9: a check of the latency has no key `metric`", ""),
    Mistake(base + "gate: [{metric: f1, mim: 3}]", "jidoka.yaml:6:21: a check has no key `mim`", "did you mean `min`?"),
]

private let release: [Mistake] = [
    Mistake(base.replacing("{name: e}", with: "{nam: e}"), "jidoka.yaml:5:12: `endpoint` has no key `nam`", "did you mean `name`?"),
    Mistake(base.replacing("{name: e}", with: "{name: e, batch: {max: 0}}"), "jidoka.yaml:5:34: `max` is 0, outside 1...65536", "range"),
    Mistake(
        base.replacing("{name: e}", with: "{name: e, rollout: {canary: [50, 10]}}"), "jidoka.yaml:5:39: the canary steps must rise",
        "[10, 50, 100]"),
    Mistake(base.replacing("{name: e}", with: "{name: e, rollout: {canary: []}}"), "jidoka.yaml:5:39: the canary steps must rise", ""),
    Mistake(
        base.replacing("{name: e}", with: "{name: e, rollout: {canary: [10, 101]}}"),
        "jidoka.yaml:5:44: a canary step is 101, outside 1...100", ""),
    Mistake(
        base.replacing("{name: e}", with: "{name: e, rollout: {guard: [latency]}}"), "jidoka.yaml:5:39: unknown guard `latency`",
        "known are `error_rate`"),
    Mistake(base.replacing("{name: e}", with: "{name: e, rollout: {goal: f1}}"), "jidoka.yaml:5:37: the only goal", "goal: accuracy"),
    Mistake(
        base.replacing("{name: e}", with: "{name: e, rollout: {margin: 0.01, min_effect: 0.02}}"),
        "jidoka.yaml:5:57: `min_effect` is another name of `margin`", "keep `margin`"),
    Mistake(base + "monitor: {window: {rows: 10}}", "jidoka.yaml:6:26: `rows` is 10, outside 50...200000", "range"),
    Mistake(base + "monitor: {window: {every: 1h}}", "jidoka.yaml:6:20: `window` has no key `every`", "known keys: `rows`"),
    Mistake(base + "monitor: {drift: {features: ks}}", "jidoka.yaml:6:29: the only feature test is `psi`", "features: psi"),
    Mistake(base + "monitor: {reference: last_week}", "jidoka.yaml:6:22: the only reference is `training`", "reference: training"),
    Mistake(
        base + "monitor: {performance: {metric: auroc}}", "jidoka.yaml:6:33: unknown performance metric `auroc`", "`accuracy` and `f1`"),
    Mistake(base + "alerts: [{on: drift.confirmd}]", "jidoka.yaml:6:15: unknown event `drift.confirmd`", "did you mean `drift.confirmed`?"),
    Mistake(base + "alerts: [{level: P1}]", "jidoka.yaml:6:10: an alert has no `on`", "add `on"),
    Mistake(base + "alerts: [{on: drift, level: P3}]", "jidoka.yaml:6:29: unknown level `P3`", "P0, P1 or P2"),
    Mistake(
        base + "alerts: [{on: drift, to: [hok]}]\nchannels: {hook: {webhook: {url_env: U}}}", "jidoka.yaml:6:27: no channel `hok`",
        "did you mean `hook`?"),
    Mistake(base + "alerts: [{on: drift, to: [hook]}]", "jidoka.yaml:6:27: no channel `hook`", "declare it under `channels`"),
    Mistake(base + "channels: {hook: {slack: {}}}", "jidoka.yaml:6:19: channel `hook` has no key `slack`", "known keys: `webhook`"),
    Mistake(base + "channels: {hook: {webhook: {url: http://x}}}", "jidoka.yaml:6:29: `webhook` has no key `url`", "known keys: `url_env`"),
    Mistake(base + "policy: [{on: drift.confirmed, do: retrian}]", "jidoka.yaml:6:36: unknown action `retrian`", "did you mean `retrain`?"),
    Mistake(base + "policy: [{on: run.created, do: retrain}]", "jidoka.yaml:6:15: unknown event `run.created`", "known: drift.suspected"),
    Mistake(base + "policy: [{on: drift, do: retrain, budget: 4}]", "jidoka.yaml:6:43: `budget` must look like `4/day`", "`/day`"),
    Mistake(base + "policy: [{on: drift, do: retrain, budget: 0/day}]", "jidoka.yaml:6:43: `budget` must look like `4/day`", "`/day`"),
    Mistake(base + "policy: [{on: drift, do: retrain, cooldown: 6}]", "jidoka.yaml:6:45: `cooldown`: `6` is not a duration", "unit"),
    Mistake(
        base + "policy: [{on: drift, do: retrain}, {on: drift, do: retrain}]", "jidoka.yaml:6:36: a second policy retrains",
        "a list of events"),
    Mistake(
        base + "policy: [{on: rollout.harm_detected, do: rollback, rows: 5}]",
        "jidoka.yaml:6:52: a policy that rolls back has no key `rows`", ""),
    Mistake(
        "line: l\npolicy: [{on: drift, do: retrain}]", "jidoka.yaml:2:10: a policy retrains, but the line has no `endpoint`", "declare"),
]

struct LineMistakeTests {
    @Test(arguments: structure + data + pipeline + gate + release)
    func `a mistake is named with its place and what to write`(mistake: Mistake) {
        let error = #expect(throws: JidokaError.self) { try read(mistake.text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.hasPrefix(mistake.says) == true, "\(error?.message ?? "none")")
        #expect(mistake.hint.isEmpty || error?.hint?.contains(mistake.hint) == true, "\(error?.hint ?? "none")")
    }

    @Test func `the base of the mistakes has none`() throws { #expect(try read(base).endpoint?.name == "e") }
}

/// docs/reference/line.md against the reader.
struct LinePageTests {
    private let page: String

    init() throws { page = try String(contentsOf: repository.appendingPathComponent("docs/reference/line.md"), encoding: .utf8) }

    @Test(arguments: LineKeys.all.map(\.heading))
    func `the reference page explains every key of each mapping`(heading: String) throws {
        let keys = try #require(LineKeys.all.first { $0.heading == heading }?.keys)
        let sections = page.components(separatedBy: "\n## ")
        let section = try #require(sections.first { $0.hasPrefix(heading + "\n") }, "no section `\(heading)`")
        for key in keys { #expect(section.contains("\n| `\(key)` |"), "`\(key)` is not explained under \(heading)") }
    }

    @Test func `the reference page names every metric and every event that a policy knows`() {
        for word in LineKeys.metrics + LineKeys.retrainEvents + LineKeys.rollbackEvents { #expect(page.contains("`\(word)`")) }
    }

    @Test func `the page of events tells what each event is`() throws {
        let events = try String(contentsOf: repository.appendingPathComponent("docs/format/events.md"), encoding: .utf8)
        for event in LineKeys.events { #expect(events.contains("`\(event)`"), "`\(event)` is not in docs/format/events.md") }
    }

    @Test func `the page's example is a line`() throws {
        let parts = page.components(separatedBy: "```yaml\n")
        let example = try #require(parts.dropFirst().first?.components(separatedBy: "```").first)
        let line = try read(["jidoka.yaml": example, "expectations/census.yaml": "- {expect: not_null, column: AGEP}"])
        #expect(line.endpoint?.name == "employment")
    }
}
