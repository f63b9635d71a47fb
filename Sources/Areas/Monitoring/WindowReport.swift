package import Clockwork

/// What was found in one window.
package struct WindowReport: Sendable, Hashable {
    package var endpoint: String
    package var number: Int64
    /// Positions in the endpoint's log.
    package var rows: Range<Int64>
    package var from: Timestamp
    package var to: Timestamp
    package var champion: String
    package var evaluatedAt: Timestamp
    package var referenceDigest: String
    package var referenceRows: Int
    package var features: [FeatureReport]
    /// Share of drifted features among those that could be judged; nil when none could.
    package var driftedShare: Double?
    package var isDrifted: Bool
    package var predictions: PredictionSummary
    package var performance: Performance
    /// Whether `performance.dropped` was said of this window: it is said once.
    package var isDropReported = false

    /// Labels that have arrived make this grow after the fact.
    package struct Performance: Sendable, Hashable {
        package var labelled: Int64
        /// Share of the window's rows whose label has arrived.
        package var coverage: Double
        /// accuracy, f1, precision, recall, log_loss … of the labelled rows; empty without labels.
        package var metrics: [String: Double]
        /// Wilson 95 % interval of the accuracy.
        package var accuracyInterval: ClosedRange<Double>?
        /// 95 % interval of the F1 of two classes; nil without labels or with more classes.
        package var f1Interval: ClosedRange<Double>?
        /// Accuracy and labelled rows per answering version.
        package var versions: [VersionScore]
        package var asOf: Timestamp

        package struct VersionScore: Sendable, Hashable {
            package var version: String
            package var labelled: Int64
            package var accuracy: Double

            package init(version: String, labelled: Int64, accuracy: Double) {
                self.version = version
                self.labelled = labelled
                self.accuracy = accuracy
            }
        }

        package init(
            labelled: Int64, coverage: Double, metrics: [String: Double], accuracyInterval: ClosedRange<Double>?,
            f1Interval: ClosedRange<Double>? = nil, versions: [VersionScore], asOf: Timestamp
        ) {
            self.labelled = labelled
            self.coverage = coverage
            self.metrics = metrics
            self.accuracyInterval = accuracyInterval
            self.f1Interval = f1Interval
            self.versions = versions
            self.asOf = asOf
        }
    }

    package struct PredictionSummary: Sendable, Hashable {
        /// Share of each predicted class, the 20 most frequent; for numbers with many values empty.
        package var shares: [Share]
        /// Mean of the scores; nil without scores.
        package var meanScore: Double?

        package struct Share: Sendable, Hashable {
            package var value: String
            package var share: Double

            package init(value: String, share: Double) {
                self.value = value
                self.share = share
            }
        }

        package init(shares: [Share], meanScore: Double?) {
            self.shares = shares
            self.meanScore = meanScore
        }
    }
}

/// One feature of one window beside its reference.
package struct FeatureReport: Sendable, Hashable {
    package var name: String
    /// stable, watch, significant, severe, learning or not_computable.
    package var verdict: String
    package var isDrifted: Bool
    /// PSI as computed, its small-sample bias, and the corrected value that is judged (DESIGN 7.1); nil when not computable.
    package var psi: Double?
    package var psiBias: Double?
    package var psiCorrected: Double?
    /// The test of the values (`ks` or `chi_square`), its p-value, and that after false-discovery control.
    package var test: String?
    package var pValue: Double?
    package var adjustedP: Double?
    package var missingShareReference: Double
    package var missingShareCurrent: Double
    /// What set the verdict, or why there is none, in plain words.
    package var reason: String
    /// Bins or categories with their shares, for charts.
    package var bins: [Bin]

    package struct Bin: Sendable, Hashable {
        package var label: String
        package var reference: Double
        package var current: Double

        package init(label: String, reference: Double, current: Double) {
            self.label = label
            self.reference = reference
            self.current = current
        }
    }
}
