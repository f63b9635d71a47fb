import Errors
import JSON
import Events
import SQLStores
import Testing
import Tracking

@Suite struct TrackingServiceTests {
    private func with(_ body: (TrackingFixture) async throws -> Void) async throws {
        let fixture = try await TrackingFixture()
        defer { fixture.close() }
        try await body(fixture)
    }

    @Test func `the default experiment exists from the start, once`() async throws {
        try await with { fixture in
            try await fixture.service.start()
            let found = try await fixture.service.experiment(id: "0")
            #expect(found.name == "Default")
            #expect(found.artifactLocation == "mlflow-artifacts:/0")
            #expect(try await fixture.log.head().sequence == 1)
        }
    }

    @Test func `a run is named by its argument, its tag, or a new name, and the tag agrees`() async throws {
        try await with { fixture in
            let service = fixture.service
            let named = try await service.createRun(experimentID: "", startTime: 1, name: "a", actor: "user:test")
            #expect(named.info.experimentID == "0")
            #expect(named.tags == [Tracking.Tag(key: "mlflow.runName", value: "a")])
            let tag = Tracking.Tag(key: "mlflow.runName", value: "b")
            #expect(try await service.createRun(experimentID: "0", startTime: 1, tags: [tag], actor: "user:test").info.name == "b")
            let fresh = try await service.createRun(experimentID: "0", startTime: 1, actor: "user:test")
            #expect(fresh.tags == [Tracking.Tag(key: "mlflow.runName", value: fresh.info.name)])
            let error = await refusal {
                _ = try await service.createRun(experimentID: "0", startTime: 1, name: "a", tags: [tag], actor: "u")
            }
            #expect(
                error?.message
                    == """
                    Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different \
                    values (run_name='a', mlflow.runName='b').
                    """
            )
        }
    }

    @Test func `the history of logged models grows, and a tag that is no list is left alone`() async throws {
        try await with { fixture in
            let id = try await fixture.run()
            let key = "mlflow.log-model.history"
            for name in ["a", "b"] { try await fixture.service.addToModelHistory(runID: id, ["artifact_path": .string(name)]) }
            let history = try await fixture.service.run(id: id).tags.first { $0.key == key }?.value
            #expect(history == #"[{"artifact_path":"a"},{"artifact_path":"b"}]"#)
            try await fixture.service.setTag(runID: id, Tracking.Tag(key: key, value: "not a list"))
            await #expect(throws: JidokaError.self) { try await fixture.service.addToModelHistory(runID: id, ["artifact_path": "c"]) }
            #expect(try await fixture.service.run(id: id).tags.first { $0.key == key }?.value == "not a list")
        }
    }

    @Test func `names are checked before anything is written`() async throws {
        try await with { fixture in
            let id = try await fixture.run()
            let batch = RunBatch(
                runID: id, metrics: [Metric(key: "m", value: 1, timestamp: 1)], params: [Param(key: "p", value: "1")],
                tags: [Tracking.Tag(key: "bad/../name", value: "v")])
            let error = await refusal { try await fixture.service.logBatch(batch) }
            #expect(
                error?.message
                    == """
                    Invalid value \"bad/../name\" for parameter 'tags[0].key' supplied: Names may be treated \
                    as files in certain cases,\u{20}
                    """
                    + "and must not resolve to other names when treated as such. This name would resolve to 'name'")
            let run = try await fixture.service.run(id: id)
            #expect(run.metrics.isEmpty && run.params.isEmpty)
        }
    }

    @Test(arguments: ["", ".", "..", "../a", "/a", "a//b", "a/", "a/./b", "a$", "a\nb", "a;b", "ä€"])
    func `a metric may not be called that`(name: String) async throws {
        try await with { fixture in
            let id = try await fixture.run()
            let error = await refusal { try await fixture.service.logMetric(runID: id, Metric(key: name, value: 1, timestamp: 1)) }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test(arguments: ["a", "a b", "a/b.c-d_e:f", "größe", "准确率", "1"]) func `a metric may be called that`(name: String) async throws {
        try await with { fixture in
            let id = try await fixture.run()
            try await fixture.service.logMetric(runID: id, Metric(key: name, value: 1, timestamp: 1))
            #expect(try await fixture.service.run(id: id).metrics.map(\.key) == [name])
        }
    }

    @Test func `long values are cut by characters, long keys are refused`() async throws {
        try await with { fixture in
            let id = try await fixture.run()
            let text = String(repeating: "ü", count: 9_000)
            try await fixture.service.logParam(runID: id, Param(key: "p", value: text))
            try await fixture.service.setTag(runID: id, Tracking.Tag(key: "t", value: text))
            let run = try await fixture.service.run(id: id)
            #expect(run.params[0].value.unicodeScalars.count == 6_000)
            #expect(run.tags.last?.value.unicodeScalars.count == 8_000)
            let key = String(repeating: "k", count: 251)
            let error = await refusal { try await fixture.service.logParam(runID: id, Param(key: key, value: "1")) }
            #expect(error?.message == "'Param key' exceeds the maximum length of 250 characters")
        }
    }

    @Test func `a batch has a stated size`() async throws {
        try await with { fixture in
            let id = try await fixture.run()
            let metrics = (0..<1_001).map { Metric(key: "m", value: 1, timestamp: Int64($0)) }
            let tooMany = await refusal { try await fixture.service.logBatch(RunBatch(runID: id, metrics: metrics)) }
            #expect(
                tooMany?.message
                    == """
                    A batch logging request can contain at most 1000 metrics. Got 1001 metrics. Please split \
                    up metrics across multiple requests and try again.
                    """
            )
            let mixed = RunBatch(
                runID: id, metrics: Array(metrics.prefix(950)), params: (0..<60).map { Param(key: "p\($0)", value: "1") })
            #expect(await refusal { try await fixture.service.logBatch(mixed) }?.code == .invalidArgument)
            try await fixture.service.logBatch(RunBatch(runID: id, metrics: Array(metrics.prefix(1_000))))
        }
    }

    @Test func `params are written once, with the reference's words`() async throws {
        try await with { fixture in
            let id = try await fixture.run()
            try await fixture.service.logParam(runID: id, Param(key: "p", value: "1"))
            try await fixture.service.logParam(runID: id, Param(key: "p", value: "1"))
            let one = await refusal { try await fixture.service.logParam(runID: id, Param(key: "p", value: "2")) }
            #expect(
                one?.message
                    == "Changing param values is not allowed. Param with key='p' was already logged with value='1' for run ID='\(id)'. "
                    + "Attempted logging new value '2'.")
            let many = await refusal { try await fixture.service.logBatch(RunBatch(runID: id, params: [Param(key: "p", value: "3")])) }
            #expect(
                many?.message
                    == """
                    Changing param values is not allowed. Params were already logged='[{'key': 'p', \
                    'old_value': '1', 'new_value': '3'}]'\u{20}
                    """
                    + "for run ID='\(id)'.")
            let twice = [Param(key: "d", value: "1"), Param(key: "d", value: "1")]
            let doubled = await refusal { try await fixture.service.logBatch(RunBatch(runID: id, params: twice)) }
            #expect(doubled?.message.hasPrefix("Duplicate parameter keys have been submitted: ['d'].") == true)
        }
    }

    @Test func `infinities become the largest doubles, negative times are refused`() async throws {
        try await with { fixture in
            let id = try await fixture.run()
            try await fixture.service.logMetric(runID: id, Metric(key: "i", value: -.infinity, timestamp: 0))
            #expect(try await fixture.service.run(id: id).metrics[0].value == -1.7976931348623157e308)
            let error = await refusal { try await fixture.service.logMetric(runID: id, Metric(key: "m", value: 1, timestamp: -5)) }
            #expect(
                error?.message
                    == """
                    Invalid value -5 for parameter 'timestamp' supplied: metric 'm' (value=1.0). Timestamp \
                    must be a nonnegative long (64-bit integer)\u{20}
                    """
            )
        }
    }

    @Test func `a deleted experiment takes no runs and gives its name to no other`() async throws {
        try await with { fixture in
            let service = fixture.service
            let made = try await service.createExperiment(name: "e", actor: "user:test")
            try await service.deleteExperiment(id: made.id, actor: "user:test")
            #expect(await refusal { try await service.deleteExperiment(id: made.id, actor: "u") }?.code == .notFound)
            #expect(await refusal { _ = try await service.createExperiment(name: "e", actor: "u") }?.code == .alreadyExists)
            let refused = await refusal { _ = try await service.createRun(experimentID: made.id, startTime: 1, actor: "u") }
            #expect(refused?.message == "The experiment \(made.id) must be in the 'active' state. Current state is deleted.")
            #expect(await refusal { try await service.renameExperiment(id: made.id, to: "f", actor: "u") }?.code == .failedPrecondition)
            try await service.restoreExperiment(id: made.id, actor: "user:test")
            #expect(await refusal { try await service.restoreExperiment(id: made.id, actor: "u") }?.code == .notFound)
            let kinds = try await fixture.log.events(after: 1, limit: 10, kinds: nil, subject: nil).map(\.draft.kind)
            #expect(kinds == ["experiment.created", "experiment.deleted", "experiment.restored"])
        }
    }

    @Test(arguments: ["/etc", "file:///etc", "s3://bucket/x", "mlflow-artifacts:/../x", "mlflow-artifacts:", "runs:/x/y"])
    func `an experiment may not put its artifacts there`(location: String) async throws {
        try await with { fixture in
            let error = await refusal {
                _ = try await fixture.service.createExperiment(name: "e", artifactLocation: location, actor: "user:test")
            }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func `a finished run is an event with its actor`() async throws {
        try await with { fixture in
            let id = try await fixture.run()
            let info = try await fixture.service.updateRun(id: id, RunChange(status: .finished, endTime: 5), actor: "user:al")
            #expect(info.status == .finished && info.endTime == 5)
            let last = try await fixture.log.events(after: 2, limit: 10, kinds: nil, subject: nil).last
            #expect(last?.draft.kind == "run.finished")
            #expect(last?.draft.actor == "user:al")
            #expect(last?.draft.subject.id == id)
        }
    }

    @Test(arguments: ["a/b", "a:b", "a.b", "50%", "a\"b", "it's"]) func `a logged model may not be called that`(name: String) async throws {
        try await with { fixture in
            let error = await refusal { _ = try await fixture.service.createLoggedModel(experimentID: "0", name: name, actor: "u") }
            #expect(error?.code == .invalidArgument)
        }
    }
}
