/// What watches one endpoint.
package struct MonitorConfiguration: Sendable, Hashable {
    package var endpoint: String
    /// Consecutive predictions that make a window.
    package var windowRows: Int
    /// Share of drifted features (of those that can be judged) that makes a window drifted.
    package var driftShare: Double
    /// Drifted windows in a row that confirm drift, and quiet ones that clear it.
    package var persist: Int
    /// `accuracy` or `f1`.
    package var performanceMetric: String
    /// A window that lies this far below the champion's gate has lost performance.
    package var performanceDrop: Double

    package init(
        endpoint: String, windowRows: Int = 5_000, driftShare: Double = 0.3, persist: Int = 2, performanceMetric: String = "accuracy",
        performanceDrop: Double = 0.02
    ) {
        self.endpoint = endpoint
        self.windowRows = windowRows
        self.driftShare = driftShare
        self.persist = persist
        self.performanceMetric = performanceMetric
        self.performanceDrop = performanceDrop
    }
}

/// What the monitor compares with: the facts of the version that is champion now.
package struct ChampionFacts: Sendable, Hashable {
    package var version: String
    /// The dataset version that it was trained on; nil when its run names none.
    package var datasetDigest: String?
    package var featureNames: [String]
    /// What its gate measured, by metric.
    package var gateMetrics: [String: Double]

    package init(version: String, datasetDigest: String?, featureNames: [String], gateMetrics: [String: Double]) {
        self.version = version
        self.datasetDigest = datasetDigest
        self.featureNames = featureNames
        self.gateMetrics = gateMetrics
    }
}

/// Where the facts come from. nil: the endpoint has no champion yet.
package protocol ChampionSource: Sendable {
    func champion(endpoint: String) async throws -> ChampionFacts?
}

/// The state that a monitor keeps between windows.
package struct Monitor: Sendable, Hashable {
    package enum Phase: String, Sendable, CaseIterable {
        /// No window was judged yet, or the windows are too small to judge.
        case learning
        case watching, suspect, confirmed
    }

    package var endpoint: String
    package var phase: Phase
    /// The champion that the windows are compared with; a new one starts afresh.
    package var champion: String?
    /// Position of the first row of the next window.
    package var nextRow: Int64
    /// Windows evaluated so far, over all champions: numbers them.
    package var windows: Int64
    /// Drifted windows in a row, and quiet ones.
    package var driftedInARow: Int
    package var quietInARow: Int
    /// Why nothing can be judged, in plain words; nil when all is well.
    package var obstacle: String?
    package var revision: Int64

    package init(endpoint: String) {
        self.endpoint = endpoint
        phase = .learning
        champion = nil
        nextRow = 0
        windows = 0
        driftedInARow = 0
        quietInARow = 0
        obstacle = nil
        revision = 0
    }
}
