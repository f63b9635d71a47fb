import Glibc

/// Which direction of a metric is good.
package enum BetterWhen: String, Sendable, Hashable {
    case higher, lower
}

/// One always-valid, one-sided answer.
package struct SequentialAnswer: Sendable, Hashable {
    /// Proven: stays a sound decision however often one looked.
    package let isProven: Bool
    /// How much better the treatment is in the good direction; nil while an arm has too little data.
    package let advantage: Double?
    /// The one-sided confidence sequence of the advantage: for `harm` it is at most this, for `nonInferiority` at least this.
    package let bound: Double
    /// ln of the e-value; proven from ln(1/α) on. −infinity without data.
    package let logEvidence: Double

    /// min(1, 1/e-value): a p-value that is valid at every look.
    package var alwaysValidP: Double { min(1, exp(-logEvidence)) }
}

/// Treatment against control on one metric, judged by two different questions.
///
/// `harm` rolls back: is the treatment worse? `nonInferiority` promotes: is it not worse by more than a margin? That neither is proven
/// yet means
/// to go on, and an arm without data means `paused`.
package struct ArmComparison: Sendable {
    package var better: BetterWhen
    /// The level of each question on its own.
    package var alpha: Double
    /// As in `differenceSequence`.
    package var tuningTrials: Int

    package init(better: BetterWhen, alpha: Double = 0.05, tuningTrials: Int) {
        precondition(alpha > 0 && alpha < 0.5 && tuningTrials > 0, "alpha is below one half and tuning trials are positive")
        self.better = better
        self.alpha = alpha
        self.tuningTrials = tuningTrials
    }

    /// Is the advantage below −tolerance?
    package func harm(control: ArmCounts, treatment: ArmCounts, tolerance: Double = 0) -> SequentialAnswer {
        answer(advantage(DifferenceEstimate(control: control, treatment: treatment)), limit: -tolerance, side: -1, noBound: 1)
    }

    package func harm(control: RunningMoments, treatment: RunningMoments, tolerance: Double = 0) -> SequentialAnswer {
        answer(advantage(DifferenceEstimate(control: control, treatment: treatment)), limit: -tolerance, side: -1, noBound: .infinity)
    }

    /// Is the advantage above −margin? A margin of 0 asks for superiority.
    package func nonInferiority(control: ArmCounts, treatment: ArmCounts, margin: Double) -> SequentialAnswer {
        answer(advantage(DifferenceEstimate(control: control, treatment: treatment)), limit: -margin, side: 1, noBound: -1)
    }

    package func nonInferiority(control: RunningMoments, treatment: RunningMoments, margin: Double) -> SequentialAnswer {
        answer(advantage(DifferenceEstimate(control: control, treatment: treatment)), limit: -margin, side: 1, noBound: -.infinity)
    }

    /// From here on `logEvidence` proves.
    package var proofLevel: Double { -log(alpha) }

    /// The evidence of `harm` alone, without its bound.
    func harmEvidence(control: ArmCounts, treatment: ArmCounts, tolerance: Double = 0) -> Double {
        evidence(advantage(DifferenceEstimate(control: control, treatment: treatment)), against: -tolerance, side: -1)
    }

    /// The evidence of `nonInferiority` alone, without its bound.
    func nonInferiorityEvidence(control: ArmCounts, treatment: ArmCounts, margin: Double) -> Double {
        evidence(advantage(DifferenceEstimate(control: control, treatment: treatment)), against: -margin, side: 1)
    }

    /// The difference turned so that positive is good.
    private func advantage(_ estimate: DifferenceEstimate?) -> DifferenceEstimate? {
        guard let estimate, better == .lower else { return estimate }
        return DifferenceEstimate(value: -estimate.value, effectiveTrials: estimate.effectiveTrials) {
            estimate.variance(-$0)
        }
    }

    /// ln of the e-value that the advantage lies beyond `limit` on `side`. One-sided at α is tuned as two-sided at 2α.
    private func evidence(_ estimate: DifferenceEstimate?, against limit: Double, side: Double) -> Double {
        guard let estimate else { return -.infinity }
        let ratio = NormalMixture.bestRatio(alpha: 2 * alpha) * estimate.effectiveTrials / Double(tuningTrials)
        return NormalMixture.oneSidedLogEvidence(ratio: ratio, z: side * estimate.score(against: limit))
    }

    private func answer(_ estimate: DifferenceEstimate?, limit: Double, side: Double, noBound: Double) -> SequentialAnswer {
        guard let estimate else { return SequentialAnswer(isProven: false, advantage: nil, bound: noBound, logEvidence: -.infinity) }
        let logEvidence = evidence(estimate, against: limit, side: side)
        let bound = estimate.bound(towards: noBound) { evidence(estimate, against: $0, side: side) >= proofLevel }
        return SequentialAnswer(isProven: logEvidence >= proofLevel, advantage: estimate.value, bound: bound, logEvidence: logEvidence)
    }
}
