import JSON
import Testing

@testable import Statistics

struct MetricsTests {
    @Test func `binary metrics agree with the written formulas`() throws {
        let expected = try #require(try Fixture.knownAnswers.get()["binary"])
        let labels = try Fixture.numbers(expected["labels"]).map { $0 == 1 }
        let scores = try Fixture.numbers(expected["scores"])
        let predictions = scores.map { $0 > 0.5 }
        let matrix = ConfusionMatrix(labels: labels, predictions: predictions)
        let positive = matrix.scores(of: true)
        let ours: [(String, Double?)] = [
            ("accuracy", matrix.accuracy), ("precision", positive.precision), ("recall", positive.recall), ("f1", positive.f1),
            ("roc_auc", ProbabilityScores.rocAUC(labels: labels, scores: scores).value),
            ("log_loss", ProbabilityScores.logLoss(labels: labels, probabilities: scores).value),
            ("brier", ProbabilityScores.brier(labels: labels, probabilities: scores).value),
        ]
        for (name, value) in ours {
            let theirs = try #require(expected[name]?.doubleValue)
            #expect(agrees(try #require(value), theirs), "\(name)")
        }
        let wide = try #require(
            ProbabilityScores.logLoss(labels: labels.map { $0 ? 1 : 0 }, probabilities: scores.map { [1 - $0, $0] }).value)
        #expect(agrees(wide, try #require(expected["log_loss"]?.doubleValue), relative: 1e-9))
    }

    @Test func `macro metrics count a class that only the model knows`() throws {
        let expected = try #require(try Fixture.knownAnswers.get()["multiclass"])
        let labels = try Fixture.numbers(expected["labels"])
        let predictions = try Fixture.numbers(expected["predictions"])
        let whole = ConfusionMatrix(labels: labels, predictions: predictions)
        var merged = ConfusionMatrix(labels: labels.prefix(20), predictions: predictions.prefix(20))
        merged.merge(ConfusionMatrix(labels: labels.dropFirst(20), predictions: predictions.dropFirst(20)))
        for matrix in [whole, merged] {
            #expect(agrees(matrix.macroPrecision, try #require(expected["macro_precision"]?.doubleValue)))
            #expect(agrees(matrix.macroRecall, try #require(expected["macro_recall"]?.doubleValue)))
            #expect(agrees(matrix.macroF1, try #require(expected["macro_f1"]?.doubleValue)))
        }
        #expect(whole.classes.count == 4)
    }

    @Test func `regression errors agree with the written formulas and merge`() throws {
        let expected = try #require(try Fixture.knownAnswers.get()["regression"])
        let labels = try Fixture.numbers(expected["labels"])
        let predictions = try Fixture.numbers(expected["predictions"])
        var errors = RegressionErrors(labels: labels.prefix(7), predictions: predictions.prefix(7))
        errors.merge(RegressionErrors(labels: labels.dropFirst(7), predictions: predictions.dropFirst(7)))
        #expect(agrees(errors.meanAbsolute, try #require(expected["mae"]?.doubleValue)))
        #expect(agrees(errors.rootMeanSquared, try #require(expected["rmse"]?.doubleValue)))
        #expect(agrees(try #require(errors.rSquared.value), try #require(expected["r2"]?.doubleValue)))
    }

    @Test func `Wilson's interval agrees with SciPy at 0, in the middle and at all`() throws {
        for row in try Fixture.table("wilson") {
            let interval = wilsonInterval(ArmCounts(trials: Int(row[1]), successes: Int(row[0])))
            #expect(agrees(interval.lowerBound, row[2], relative: 1e-9, zero: 1e-15), "\(row)")
            #expect(agrees(interval.upperBound, row[3], relative: 1e-9), "\(row)")
        }
        #expect(wilsonInterval(ArmCounts(trials: 0, successes: 0)) == 0...1)
    }

    @Test func `metrics of nothing or of one class say why they do not exist`() {
        #expect(ProbabilityScores.rocAUC(labels: [true, true], scores: [0.1, 0.2]) == .notComputable(.oneClass))
        #expect(ProbabilityScores.logLoss(labels: [Bool](), probabilities: []) == .notComputable(.emptyCurrent))
        #expect(ProbabilityScores.brier(labels: [], probabilities: []) == .notComputable(.emptyCurrent))
        #expect(RegressionErrors(labels: [2, 2, 2], predictions: [1, 2, 3]).rSquared == .notComputable(.noVariation))
        #expect(RegressionErrors(labels: [2], predictions: [1]).rSquared == .notComputable(.tooFewRows))
        let none = ConfusionMatrix(labels: ["a", "a"], predictions: ["b", "b"]).scores(of: "c")
        #expect(none.precision == 0 && none.recall == 0 && none.f1 == 0)
    }

    @Test func `a certain and wrong prediction costs a finite log loss`() throws {
        let loss = try #require(ProbabilityScores.logLoss(labels: [true], probabilities: [0]).value)
        #expect(loss.isFinite && loss > 36)
    }
}
